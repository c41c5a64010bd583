// Remembers the key of this device once somebody has entered something, so that the QR code leads back to their points.
// The page works without it; then the key travels in the address alone.
(() => {
  "use strict";
  const page = document.querySelector("[data-take-part]");
  if (!page) return;
  const name = `take-part-${page.dataset.takePart}`;
  const mine = page.dataset.key;
  try {
    if ("closed" in page.dataset) {
      localStorage.removeItem(name);
      return;
    }
    const kept = localStorage.getItem(name);
    const address = new URL(location.href);
    if (kept && kept !== mine) {
      // A key the server refused has come with the address already: forget it.
      if (address.searchParams.get("me") === kept) {
        localStorage.removeItem(name);
      } else if ("new" in page.dataset) {
        address.searchParams.set("me", kept);
        location.replace(address);
        return;
      }
    }
    if (kept === mine && address.searchParams.has("me")) {
      // The device remembers its key: the address can be passed on without it.
      address.searchParams.delete("me");
      history.replaceState(null, "", address);
      const hint = page.querySelector("[data-own-link]");
      if (hint) hint.hidden = true;
    }
    page.addEventListener("submit", () => localStorage.setItem(name, mine));
  } catch {
    // No storage (private window): the key stays in the address.
  }
})();
