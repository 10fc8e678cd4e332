import { Children, useEffect, useRef, useState } from "react";

/**
 * An eye on a password field: what is typed blind cannot be checked before it is needed. The children are the labelled
 * field, the eye that shows what is typed, and the eye that hides it. The eye stands outside of the label, or it would
 * be part of the field's name.
 */
export function PasswordEye({ label, children }) {
  const [field, show, hide] = Children.toArray(children);
  const [shown, setShown] = useState(false);
  const box = useRef(null);

  useEffect(() => {
    box.current.querySelector("input").type = shown ? "text" : "password";
  }, [shown]);

  return (
    <div className="with-eye" ref={box}>
      {field}
      <button
        type="button"
        className="icon-button"
        aria-label={label}
        aria-pressed={shown}
        title={label}
        onClick={() => setShown(!shown)}
      >
        {shown ? hide : show}
      </button>
    </div>
  );
}
