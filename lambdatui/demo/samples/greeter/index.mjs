// A greeting, in Node: an ES module with an async handler.
export const handler = async (event) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (!event.name) throw new TypeError("event.name is missing");
  console.log("greeting", event.name);
  return { greeting: `Hello ${event.name}` };
};
