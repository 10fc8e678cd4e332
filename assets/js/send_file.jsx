import { createElement, useRef, useState } from "react";

/**
 * A button that sends a chosen file to an address of ours, as the body of a PUT: a large file needs no form around it.
 * `onFailed` gets the server's sentence, or nothing when it could not be reached.
 */
export function SendFile({ to, accept, label, busy, onDone, onFailed, children }) {
  const field = useRef(null);
  const [share, setShare] = useState(null);

  const send = (file) => {
    if (!file) return;
    const request = new XMLHttpRequest();
    const over = (tell) => {
      setShare(null);
      field.current.value = "";
      tell();
    };
    request.upload.onprogress = (event) =>
      setShare(event.lengthComputable ? Math.round((100 * event.loaded) / event.total) : 0);
    request.onload = () =>
      over(() => {
        if (request.status < 300) return onDone?.();
        let sentence = "";
        try {
          sentence = JSON.parse(request.responseText).error.message;
        } catch {
          // not one of our answers: a proxy's, perhaps
        }
        return onFailed?.(sentence);
      });
    request.onerror = () => over(() => onFailed?.(""));
    setShare(0);
    request.open("PUT", to);
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    request.send(file);
  };

  const waiting = share !== null;
  return createElement(
    "label",
    { className: "button file-button", "aria-busy": waiting },
    createElement("input", {
      ref: field,
      type: "file",
      accept,
      disabled: waiting,
      className: "sr-only",
      onChange: (event) => send(event.target.files[0]),
    }),
    children,
    createElement("span", null, waiting ? `${busy} ${share} %` : label),
  );
}
