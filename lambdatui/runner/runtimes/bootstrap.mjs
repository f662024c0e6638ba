// The process a Node function runs in: it speaks the Runtime API and calls the handler. Nothing but Node is needed.
// CommonJS and ES modules, async and callback handlers, and awslambda.streamifyResponse.
import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { Writable } from "node:stream";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const PREFIX = "/2018-06-01/runtime";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });
const logFd = Number(process.env._LAMBDA_TELEMETRY_LOG_FD || 1);
delete process.env._LAMBDA_TELEMETRY_LOG_FD;
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const jsonLogs = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
let requestId;

function writeAll(buffer) {
  for (let at = 0; at < buffer.length; ) {
    try { at += fs.writeSync(logFd, buffer, at); } catch (error) { if (error.code !== "EAGAIN") return; }
  }
}

function frame(message) {
  const body = Buffer.from(message);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0xa55a0003, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  writeAll(Buffer.concat([head, body]));
}

// How an error is written in JSON: its own fields, with Lambda's names for its kind, message and stack.
function errorFields(error) {
  const stackTrace = typeof error.stack === "string" ? error.stack.split("\n") : error.stack;
  return { errorType: error.constructor?.name ?? "UnknownError", errorMessage: error.message, stackTrace };
}

function withErrors(_, value) {
  return value instanceof Error ? { ...errorFields(value), ...value } : value;
}

function jsonEvent(time, level, parts) {
  const event = { timestamp: time, level, requestId };
  if (parts.length === 1) {
    event.message = parts[0];
    try { return JSON.stringify(event, withErrors); } catch { return JSON.stringify({ ...event, message: format(parts[0]) }); }
  }
  event.message = format(...parts);
  const error = parts.find((part) => part instanceof Error);
  if (error !== undefined) Object.assign(event, { ...errorFields(error), stackTrace: errorFields(error).stackTrace ?? [] });
  return JSON.stringify(event);
}

function logged(level, parts) {
  const time = new Date().toISOString();
  frame((jsonLogs ? jsonEvent(time, level, parts) : `${time}\t${requestId}\t${level}\t${format(...parts)}`) + "\n");
}

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const least = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || "").toUpperCase());
for (const [method, level] of [["log", "INFO"], ["info", "INFO"], ["debug", "DEBUG"], ["warn", "WARN"], ["error", "ERROR"], ["trace", "TRACE"], ["fatal", "FATAL"]]) {
  console[method] = LEVELS.indexOf(level) < least ? () => {} : (...parts) => logged(level, parts);
}

function ask(method, where, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, path: PREFIX + where, agent, headers };
    if (body !== undefined) options.headers = { "Content-Length": Buffer.byteLength(body), ...headers };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function told(error) {
  if (error instanceof Error || (error && error.stack !== undefined && error.message !== undefined)) {
    const trace = String(error.stack || "").split("\n");
    return { errorType: error.name || "Error", errorMessage: String(error.message), trace };
  }
  return { errorType: typeof error, errorMessage: typeof error === "string" ? error : format(error), trace: [] };
}

function logFailure(what, error) {
  if (jsonLogs) {
    logged("ERROR", [error instanceof Error ? error : new Error(format(error))]);
    return;
  }
  const { errorType, errorMessage, trace } = told(error);
  const details = error instanceof Error ? Object.fromEntries(Object.entries(error)) : {};
  logged("ERROR", [`${what} \t${JSON.stringify({ errorType, errorMessage, ...details, stack: trace })}`]);
}

class Named extends Error {
  constructor(name, message) { super(message); this.name = name; }
}

async function imported(base) {
  const require = createRequire(pathToFileURL(process.env.LAMBDA_TASK_ROOT + "/"));
  for (const ext of ["", ".js", ".mjs", ".cjs"]) {
    const file = base + ext;
    if (!fs.existsSync(file) || fs.statSync(file).isDirectory()) continue;
    if (ext === ".mjs") return import(pathToFileURL(file));
    if (ext === ".cjs") return require(file);
    try { return require(file); } catch (error) {
      if (error.code === "ERR_REQUIRE_ESM" || (error instanceof SyntaxError && /import|export|await/.test(error.message))) return import(pathToFileURL(file));
      throw error;
    }
  }
  throw new Named("Runtime.ImportModuleError", `Error: Cannot find module '${path.basename(base)}'\nRequire stack:\n- ${base}`);
}

async function load() {
  const given = process.env._HANDLER;
  const file = path.basename(given);
  const dot = file.indexOf(".");
  if (dot < 1) throw new Named("Runtime.MalformedHandlerName", "Bad handler");
  const names = file.slice(dot + 1).split(".");
  let module;
  try {
    module = await imported(path.resolve(process.env.LAMBDA_TASK_ROOT, path.dirname(given), file.slice(0, dot)));
  } catch (error) {
    if (error instanceof SyntaxError) throw Object.assign(new Named("Runtime.UserCodeSyntaxError", String(error)), { stack: error.stack });
    if (error && (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND")) throw new Named("Runtime.ImportModuleError", "Error: " + error.message);
    throw error;
  }
  const dig = (from) => names.reduce((found, name) => found?.[name], from);
  const handler = dig(module) ?? dig(module?.default);
  if (handler === undefined) throw new Named("Runtime.HandlerNotFound", `${given} is undefined or not exported`);
  if (typeof handler !== "function") throw new Named("Runtime.HandlerNotFound", `${given} is not a function`);
  return handler;
}

class ResponseStream extends Writable {
  constructor(id) {
    super({ highWaterMark: 65536 });
    this.id = id;
    this.contentType = "application/octet-stream";
    this.answered = new Promise((resolve, reject) => { this._resolve = resolve; this._reject = reject; });
  }
  setContentType(type) { this.contentType = type; }
  open() {
    if (this.request) return this.request;
    this.request = http.request({
      host, port, method: "POST", path: `${PREFIX}/invocation/${this.id}/response`, agent,
      headers: { "Content-Type": this.contentType, "Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked",
        Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body" },
    }, (response) => { response.resume(); response.on("end", () => this._resolve()); });
    this.request.on("error", this._reject);
    return this.request;
  }
  _write(chunk, encoding, done) { this.open().write(chunk, encoding, done); }
  _final(done) { this.open().end(); done(); }
  fail(error) {
    const { errorType, errorMessage, trace } = told(error);
    this.open().addTrailers({
      "Lambda-Runtime-Function-Error-Type": errorType,
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify({ errorType, errorMessage, trace })).toString("base64"),
    });
    this.request.end();
  }
}

globalThis.awslambda = {
  streamifyResponse: (handler) => { handler[STREAMING] = true; return handler; },
  HttpResponseStream: {
    from: (stream, prelude) => {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      stream.write(JSON.stringify(prelude));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
}

function idle() {
  // A callback's answer waits for the event loop to be empty: 'beforeExit' is Node's word for that.
  return new Promise((resolve) => process.once("beforeExit", resolve));
}

function called(handler, event, context) {
  return new Promise((resolve, reject) => {
    let waits = false;
    const settle = async (error, value) => {
      if (waits) return;
      waits = true;
      if (context.callbackWaitsForEmptyEventLoop && error == null) await idle();
      error != null ? reject(error) : resolve(value);
    };
    context.done = settle;
    context.succeed = (value) => settle(null, value);
    context.fail = (error) => settle(error ?? "handled");
    const answer = handler(event, context, settle);
    if (answer && typeof answer.then === "function") answer.then(resolve, reject);
    else if (handler.length < 3 && !waits) idle().then(() => resolve(null));
    else if (!waits) process.once("beforeExit", () => { if (!waits) resolve(null); });
  });
}

function marshalled(value) {
  try { return JSON.stringify(value === undefined ? null : value) ?? "null"; } catch (error) {
    throw new Named("Runtime.MarshalError", `Unable to stringify response body: ${error.message}`);
  }
}

async function fail(where, error) {
  const body = told(error);
  await ask("POST", where, JSON.stringify(body), { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": body.errorType });
}

for (const [signal, what] of [["uncaughtException", "Uncaught Exception"], ["unhandledRejection", "Unhandled Promise Rejection"]]) {
  process.on(signal, async (error) => {
    const named = signal === "unhandledRejection" ? Object.assign(new Named("Runtime.UnhandledPromiseRejection", String(error)), { reason: error }) : error;
    logFailure(what, named);
    try { await fail(requestId ? `/invocation/${requestId}/error` : "/init/error", named); } finally { process.exit(requestId ? 128 : 129); }
  });
}

async function main() {
  let handler;
  try { handler = await load(); } catch (error) {
    logFailure("Uncaught Exception", error);
    await fail("/init/error", error);
    process.exit(1);
  }
  for (;;) {
    const { status, headers, body } = await ask("GET", "/invocation/next");
    if (status !== 200) process.exit(0);
    requestId = headers["lambda-runtime-aws-request-id"];
    if (headers["lambda-runtime-trace-id"]) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    const where = `/invocation/${requestId}`;
    try {
      const event = JSON.parse(body.toString("utf8"));
      const context = contextOf(headers);
      if (handler[STREAMING]) {
        const stream = new ResponseStream(requestId);
        try {
          await handler(event, stream, context);
          if (!stream.writableEnded) stream.end();
        } catch (error) {
          logFailure("Invoke Error", error);
          stream.fail(error);
        }
        await stream.answered;
      } else {
        const answer = marshalled(await called(handler, event, context));
        await ask("POST", `${where}/response`, answer, { "Content-Type": "application/json" });
      }
    } catch (error) {
      logFailure("Invoke Error", error);
      await fail(`${where}/error`, error);
    }
  }
}

main().catch(() => process.exit(0));
