// The process a Node function runs in: it speaks the Runtime API and calls the handler. Nothing but Node is needed.
// CommonJS and ES modules, async and callback handlers, and awslambda.streamifyResponse.
import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import nodeModule, { createRequire, isBuiltin } from "node:module";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { Writable } from "node:stream";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const PREFIX = "/2018-06-01/runtime";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });
const logFd = Number(process.env._LAMBDA_TELEMETRY_LOG_FD || 1);
delete process.env._LAMBDA_TELEMETRY_LOG_FD;
delete process.env.LAMBDATUI_OPT;
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
  const kind = error instanceof Named ? error.name.replace("Runtime.", "") : error.constructor?.name;
  return { errorType: kind ?? "UnknownError", errorMessage: error.message, stackTrace };
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

// How an error is written in text: with its kind, message, own fields and stack; errors among its fields too.
function inText(_, value) {
  if (!(value instanceof Error)) return value;
  return { errorType: value.name, errorMessage: value.message, ...value, stack: String(value.stack || "").split("\n") };
}

function logFailure(what, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(format(thrown));
  logged("ERROR", jsonLogs ? [error] : [`${what} \t${JSON.stringify(error, inText)}`]);
}

class Named extends Error {
  constructor(name, message) { super(message); Object.defineProperty(this, "name", { value: name }); }
}

// Node looks for the packages of ES modules only in folders above them. Those of layers and of the SDK are in NODE_PATH,
// where Lambda's own runtime looks, too.
const packageFolders = (process.env.NODE_PATH || "").split(":").filter((folder) => folder.endsWith("/node_modules") && fs.existsSync(folder));

function packageOf(specifier) {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

// Whether a module, or one that it imports by a path, imports a package of NODE_PATH: a hook costs 30 ms before Node 22.15.
function importsPackages(file, seen = new Set()) {
  if (seen.has(file) || seen.size > 200 || !fs.existsSync(file) || fs.statSync(file).isDirectory()) return false;
  seen.add(file);
  const source = fs.readFileSync(file, "utf8");
  for (const [, specifier] of source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g)) {
    if (/^[.][.]?[/]/.test(specifier)) {
      if (importsPackages(path.resolve(path.dirname(file), specifier), seen)) return true;
    } else if (!isBuiltin(specifier) && packageFolders.some((folder) => fs.existsSync(path.join(folder, packageOf(specifier))))) {
      return true;
    }
  }
  return false;
}

function findPackagesOfModules(file) {
  const parents = packageFolders.map((folder) => pathToFileURL(path.join(folder, "..", "any.mjs")).href);
  if (!parents.length) return;
  if (nodeModule.registerHooks) {
    nodeModule.registerHooks({
      resolve(specifier, context, next) {
        try { return next(specifier, context); } catch (error) {
          if (error.code === "ERR_MODULE_NOT_FOUND" && !/^([.]|[/]|[a-z]+:)/.test(specifier)) {
            for (const parentURL of parents) try { return next(specifier, { ...context, parentURL }); } catch { /* the next one */ }
          }
          throw error;
        }
      },
    });
  } else if (nodeModule.register && importsPackages(file)) {
    nodeModule.register("data:text/javascript," + encodeURIComponent(`
      const parents = ${JSON.stringify(parents)};
      export async function resolve(specifier, context, next) {
        try { return await next(specifier, context); } catch (error) {
          if (error.code === "ERR_MODULE_NOT_FOUND" && !/^([.]|[/]|[a-z]+:)/.test(specifier)) {
            for (const parentURL of parents) try { return await next(specifier, { ...context, parentURL }); } catch { /* the next one */ }
          }
          throw error;
        }
      }`));
  }
}

// Whether a .js file is an ES module: by the nearest package.json, or where there is none that says so by its text.
function isModule(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const description = path.join(folder, "package.json");
    if (fs.existsSync(description)) {
      try { return JSON.parse(fs.readFileSync(description, "utf8")).type === "module"; } catch { return false; }
    }
    if (folder === process.env.LAMBDA_TASK_ROOT || folder === path.dirname(folder)) break;
  }
  return packageFolders.length > 0 && /^\s*(import|export)[\s{*]/m.test(fs.readFileSync(file, "utf8"));
}

async function imported(base) {
  const require = createRequire(pathToFileURL(process.env.LAMBDA_TASK_ROOT + "/"));
  for (const ext of ["", ".js", ".mjs", ".cjs"]) {
    const file = base + ext;
    if (!fs.existsSync(file) || fs.statSync(file).isDirectory()) continue;
    findPackagesOfModules(file);
    if (ext === ".mjs" || (ext === ".js" && isModule(file))) return import(pathToFileURL(file));
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
    if (error && (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND")) {
      const missing = /@aws-sdk[/][a-z0-9-]+/.exec(error.message);
      if (missing) logged("WARN", [`${missing[0]} is not installed for local functions: lambdatui runner runtimes --install ${missing[0]}`]);
      throw new Named("Runtime.ImportModuleError", "Error: " + error.message);
    }
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
  process.on(signal, async (error, promise) => {
    const named = signal === "unhandledRejection" ? Object.assign(new Named("Runtime.UnhandledPromiseRejection", String(error)), { reason: error, promise }) : error;
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
