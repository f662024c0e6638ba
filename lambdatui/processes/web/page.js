// Textual's own script reads the address of the websocket from the element: it is where this page came from.
document.getElementById("terminal").dataset.sessionWebsocketUrl =
  location.origin.replace(/^http/, "ws") + "/ws";
document.getElementById("again").addEventListener("click", () => location.reload());

// Keys go to the screens without a click: from the first byte on, and whenever the page is looked at again.
const focus = () => document.querySelector("#terminal .xterm-helper-textarea")?.focus();
new MutationObserver(focus).observe(document.body, { attributes: true, attributeFilter: ["class"] });
window.addEventListener("focus", focus);
document.addEventListener("click", focus);

// A page by a name that is no loopback's (--allow-host) has no clipboard of its own over http.
if (!navigator.clipboard) {
  Object.defineProperty(navigator, "clipboard", {
    value: {
      readText: () => Promise.resolve(""),
      writeText: (text) => {
        const field = document.body.appendChild(document.createElement("textarea"));
        field.value = text;
        field.select();
        document.execCommand("copy");
        field.remove();
        focus();
        return Promise.resolve();
      },
    },
  });
}
