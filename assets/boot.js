// Runs before the first paint: the language of the last visit, else the browser's. (The theme is preset likewise by
// an inline script of Reflex's.)
(() => {
  const known = ["en", "fr"];
  const wanted = [localStorage.getItem("language"), ...(navigator.languages || [])];
  const language = wanted.map((tag) => (tag || "").slice(0, 2).toLowerCase()).find((tag) => known.includes(tag));
  document.documentElement.lang = language || "en";
})();
document.documentElement.dataset.page = /^\/(login|setup)/.test(location.pathname) ? "entrance" : "inside";
