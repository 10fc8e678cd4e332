import { useContext, useEffect, useLayoutEffect, useRef } from "react";
import { ColorModeContext, EventLoopContext } from "$/utils/context";

/** How often an open page asks whether anything has changed, in milliseconds. */
const LOOK_EVERY = 60_000;
/** ... and while something is about to change. */
const LOOK_SOON = 5_000;

/**
 * What the page does besides drawing: keep address, language, theme and title in step with the state,
 * and listen for the few keys that work everywhere. Renders nothing.
 */
export function PageEffects({ language, theme, query, active, hurried, onLook, onSearch }) {
  const { setColorMode } = useContext(ColorModeContext);

  useEffect(() => {
    if (!language) return;
    document.documentElement.lang = language;
    localStorage.setItem("language", language);
  }, [language]);

  useEffect(() => {
    if (theme) setColorMode(theme);
  }, [theme]);

  // The view is in the address, without an entry in the history and without a navigation.
  useEffect(() => {
    if (!active) return;
    const { pathname, search, hash } = window.location;
    const kept = new URLSearchParams(search);
    for (const name of ["crypto", "stocks", "wealth", "currency"]) kept.delete(name);
    for (const [name, value] of new URLSearchParams(query)) kept.set(name, value);
    const wanted = kept.size ? `?${kept}` : "";
    if (wanted !== search) window.history.replaceState(window.history.state, "", pathname + wanted + hash);
  });

  // Figures move on while the page is open. A page nobody sees asks nothing, and at once when it is seen again.
  const looked = useRef(Date.now());
  useEffect(() => {
    if (!active) return undefined;
    const pause = hurried ? LOOK_SOON : LOOK_EVERY;
    const look = () => {
      if (document.hidden || Date.now() - looked.current < pause) return;
      looked.current = Date.now();
      onLook?.();
    };
    const timer = setInterval(look, LOOK_SOON);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [active, hurried, onLook]);

  // Before the page is painted: whoever sees it may press a key.
  useLayoutEffect(() => {
    const listen = (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        const field = document.querySelector("[data-search]");
        if (field) {
          event.preventDefault();
          field.focus();
          field.select?.();
        }
      }
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        onSearch?.();
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [onSearch]);

  return null;
}

/** Shows its children once the connection has been gone for a moment, and takes them away when it is back. */
export function WhenOffline({ children }) {
  const [, connectErrors] = useContext(EventLoopContext);
  return connectErrors.length >= 2 ? children : null;
}
