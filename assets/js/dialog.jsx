import { createElement, useEffect, useRef } from "react";

/** A modal <dialog>. `open` is the state's word; Escape and a click beside it ask `onClose`. */
export function NativeDialog({ open, onClose, label, className, children }) {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return createElement(
    "dialog",
    {
      ref,
      className,
      "aria-label": label,
      onCancel: (event) => {
        if (event.target !== ref.current) return; // a file field inside also fires "cancel"
        event.preventDefault();
        onClose?.();
      },
      onClick: (event) => {
        if (event.target === ref.current) onClose?.();
      },
    },
    open ? children : null,
  );
}
