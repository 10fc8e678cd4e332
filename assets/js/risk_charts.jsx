import { createElement as h, useEffect, useLayoutEffect, useRef, useState } from "react";

/** The width an element is drawn in, kept up to date. */
function useWidth() {
  const host = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const see = () => setWidth(Math.round(host.current.clientWidth));
    const watch = new ResizeObserver(see);
    watch.observe(host.current);
    see();
    return () => watch.disconnect();
  }, []);
  return [host, width];
}

function line(points) {
  let text = "";
  let open = false;
  for (const [x, y] of points) {
    if (y === null) open = false;
    else {
      text += `${open ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      open = true;
    }
  }
  return text;
}

/** Which point lies under the pointer; -1 when it is elsewhere. */
function usePointer(count, width) {
  const [at, setAt] = useState(-1);
  const move = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const part = (event.clientX - box.left) / Math.max(width, 1);
    setAt(Math.max(0, Math.min(count - 1, Math.round(part * (count - 1)))));
  };
  return [at < count ? at : -1, { onPointerMove: move, onPointerDown: move, onPointerLeave: () => setAt(-1) }];
}

function reading(x, width, lines, top = 18) {
  const before = x > width / 2;
  const props = { x: x + (before ? -12 : 12), textAnchor: before ? "end" : "start" };
  return h(
    "text",
    { ...props, y: top, className: "reading" },
    lines.map((text, index) => h("tspan", { ...props, key: index, dy: index ? 18 : 0, className: index ? "date" : "value" }, text)),
  );
}

/** The distance from the last peak: an area that hangs from the surface. */
export function Underwater({ curve, label, className }) {
  const [host, width] = useWidth();
  const height = host.current?.clientHeight || 240;
  const values = curve.values;
  const [at, pointer] = usePointer(values.length, width);
  const lowest = Math.min(-1e-9, ...values);
  const x = (index) => (index / Math.max(values.length - 1, 1)) * width;
  const y = (value) => 2 + (value / lowest) * (height - 26);
  const path = line(values.map((value, index) => [x(index), y(value)]));
  const ready = width > 0 && values.length > 1;
  return h(
    "div",
    { ref: host, className: `curve ${className || ""}`, role: "img", "aria-label": label, ...pointer },
    ready &&
      h(
        "svg",
        { width, height, "aria-hidden": true },
        h(
          "defs",
          null,
          h(
            "linearGradient",
            { id: "deep", x1: 0, y1: 0, x2: 0, y2: 1 },
            h("stop", { offset: "0%", className: "deep-top" }),
            h("stop", { offset: "100%", className: "deep-low" }),
          ),
        ),
        h("path", { d: `${path}L${width} 2L0 2Z`, className: "deep-fill", fill: "url(#deep)" }),
        h("path", { d: path, className: "deep-line" }),
        at >= 0 && h("line", { x1: x(at), x2: x(at), y1: 0, y2: height, className: "cursor" }),
        at >= 0 && h("circle", { cx: x(at), cy: y(values[at]), r: 4, className: "deep-dot" }),
        at >= 0 && reading(x(at), width, [curve.labels[at], curve.dates[at]], height - 26),
      ),
  );
}

/** Each day's return against the value at risk that had been given for it. */
export function Track({ track, label }) {
  const [host, width] = useWidth();
  const height = host.current?.clientHeight || 160;
  const count = track.returns.length;
  const [at, pointer] = usePointer(count, width);
  const most = Math.max(1e-9, ...track.returns.map(Math.abs), ...track.limits.filter((one) => one !== null).map(Math.abs));
  const step = width / Math.max(count, 1);
  const x = (index) => (index + 0.5) * step;
  const middle = height * 0.5;
  const y = (value) => middle - (value / most) * (height / 2 - 4);
  const bar = Math.max(1, Math.min(step * 0.7, 6));
  let calm = "";
  let over = "";
  track.returns.forEach((value, index) => {
    const piece = `M${x(index).toFixed(1)} ${middle}V${y(value).toFixed(1)}`;
    if (track.limits[index] !== null && value < track.limits[index]) over += piece;
    else calm += piece;
  });
  return h(
    "div",
    { ref: host, className: "track", role: "img", "aria-label": label, ...pointer },
    width > 0 &&
      count > 0 &&
      h(
        "svg",
        { width, height, "aria-hidden": true },
        h("line", { x1: 0, x2: width, y1: middle, y2: middle, className: "axis" }),
        h("path", { d: calm, className: "calm", strokeWidth: bar }),
        h("path", { d: over, className: "over", strokeWidth: bar }),
        h("path", { d: line(track.limits.map((one, index) => [x(index), one === null ? null : y(one)])), className: "limit" }),
        at >= 0 && h("line", { x1: x(at), x2: x(at), y1: 0, y2: height, className: "cursor" }),
        at >= 0 && reading(x(at), width, [track.labels[at], track.dates[at]]),
      ),
  );
}

/** Where ten thousand futures lie: two bands around the middle one. */
export function Fan({ fan, label }) {
  const [host, width] = useWidth();
  const height = host.current?.clientHeight || 280;
  const count = fan.levels.length ? fan.levels[0].length : 0;
  const [far, pointer] = usePointer(count, width);
  const every = [...(fan.levels[0] || []), ...(fan.levels[4] || []), ...fan.paid, ...(fan.goal ? [fan.goal] : [])];
  const highest = Math.max(1e-9, ...every);
  const lowest = Math.min(...every, highest);
  const last = Math.max(1e-9, fan.years[count - 1] || 1);
  const right = width > 500 ? 96 : 0; // room for what the lines end at
  const plain = width - right;
  const x = (index) => (fan.years[index] / last) * plain;
  const y = (value) => height - 10 - ((value - lowest) / Math.max(highest - lowest, 1e-9)) * (height - 20);
  const at = far < 0 ? -1 : Math.min(count - 1, Math.round((far * width) / Math.max(plain, 1)));
  const ends = [0, 2, 4].map((level) => y(fan.levels[level]?.[count - 1] ?? 0));
  const row = (level) => fan.levels[level].map((value, index) => [x(index), y(value)]);
  const band = (low, high) => `${line(row(low))}${line(row(high).reverse()).replace("M", "L")}Z`;
  const level = (value, name) => h("line", { x1: 0, x2: plain, y1: y(value), y2: y(value), className: name });
  return h(
    "div",
    { ref: host, className: "fan", role: "img", "aria-label": label, ...pointer },
    width > 0 &&
      count > 1 &&
      h(
        "svg",
        { width, height, "aria-hidden": true },
        h("path", { d: band(0, 4), className: "wide" }),
        h("path", { d: band(1, 3), className: "narrow" }),
        h("path", { d: line(row(2)), className: "middle" }),
        h("path", { d: line(fan.paid.map((value, index) => [x(index), y(value)])), className: "paid" }),
        fan.goal ? level(fan.goal, "goal") : null,
        at >= 0 && h("line", { x1: x(at), x2: x(at), y1: 0, y2: height, className: "cursor" }),
        right > 0 &&
          fan.ends.map((text, index) =>
            h("text", { key: index, x: plain + 8, y: Math.min(height - 4, Math.max(12, ends[index] + 4)), className: index === 1 ? "end main" : "end" }, text),
          ),
        at >= 0 && reading(x(at), width, [fan.labels[at], fan.ranges[at], fan.dates[at]]),
      ),
  );
}

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** A picture of one pixel a cell, to be drawn large: a hundred assets take a millisecond, not ten thousand strokes. */
function cells(rows, none, together, apart) {
  const small = document.createElement("canvas");
  small.width = small.height = rows.length;
  const pen = small.getContext("2d");
  const image = pen.createImageData(rows.length, rows.length);
  const [middle, up, down] = [none, together, apart].map(channels);
  let at = 0;
  for (const row of rows)
    for (const value of row) {
      const [to, part] = value < 0 ? [down, Math.min(1, -value)] : [up, value * 0.92];
      for (let one = 0; one < 3; one++) image.data[at++] = middle[one] + (to[one] - middle[one]) * part;
      image.data[at++] = 255;
    }
  pen.putImageData(image, 0, 0);
  return small;
}

/** The correlation matrix on a canvas: one picture however many assets there are. A cell opens what explains it. */
export function Correlations({ matrix, label, onExplain }) {
  const [host, width] = useWidth();
  const canvas = useRef(null);
  const pressed = useRef("");
  const [cell, setCell] = useState(null);
  const [theme, setTheme] = useState(0);
  const count = matrix.names.length;
  const named = count > 0 && width / count >= 15;
  const left = named ? Math.min(76, width * 0.2) : 0;
  const size = count ? (width - left) / count : 0;
  const height = Math.round(size * count + (named ? 50 : 0));

  useEffect(() => {
    const watch = new MutationObserver(() => setTheme((turn) => turn + 1));
    watch.observe(document.documentElement, { attributeFilter: ["class"] });
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const surface = canvas.current;
    if (!surface || !width || !count) return;
    const sharp = window.devicePixelRatio || 1;
    surface.width = Math.round(width * sharp);
    surface.height = Math.round(height * sharp);
    const pen = surface.getContext("2d");
    pen.scale(sharp, sharp);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    const [none, together, apart, ink] = ["--surface-high", "--accent", "--hue-1", "--ink-2"].map(read);
    const gap = size > 12 ? 1 : 0;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(cells(matrix.rows, none, together, apart), left, 0, size * count, size * count);
    for (let at = 1; gap && at <= count; at++) {
      pen.clearRect(left + at * size - gap, 0, gap, size * count);
      pen.clearRect(left, at * size - gap, size * count, gap);
    }
    if (!named) return;
    pen.fillStyle = ink;
    pen.font = `${Math.min(11, size * 0.72)}px ${getComputedStyle(document.body).fontFamily}`;
    pen.textBaseline = "middle";
    matrix.names.forEach((name, index) => {
      pen.textAlign = "end";
      pen.fillText(name.slice(0, 9), left - 6, (index + 0.5) * size, left - 8);
      pen.save();
      pen.translate(left + (index + 0.5) * size, count * size + 6);
      pen.rotate(-Math.PI / 2);
      pen.fillText(name.slice(0, 7), 0, 0, 52);
      pen.restore();
    });
  }, [matrix, width, height, theme]);

  const under = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const across = Math.floor((event.clientX - box.left - left) / size);
    const down = Math.floor((event.clientY - box.top) / size);
    return across >= 0 && across < count && down >= 0 && down < count ? { across, down } : null;
  };
  // Named as in the list of pairs, the larger holding first; of an asset with itself there is nothing to explain.
  const figureOf = (one) => {
    if (!one || one.across === one.down) return "";
    const [first, second] = [one.across, one.down].sort((a, b) => a - b);
    return `${matrix.figure}${matrix.ids[first]}|${matrix.ids[second]}`;
  };
  const move = (event) => setCell(under(event));
  const press = (event) => {
    pressed.current = figureOf(under(event));
    move(event);
  };
  const release = (event) => {
    const figure = figureOf(under(event));
    if (figure && figure === pressed.current) onExplain?.(figure); // what ends on another cell was a drag
  };
  const told = cell && matrix.rows[cell.down]?.[cell.across] !== undefined;
  const number = told ? matrix.rows[cell.down][cell.across].toFixed(2).replace(".", matrix.point) : "";
  return h(
    "div",
    { className: "correlations" },
    h(
      "div",
      {
        ref: host,
        role: "img",
        "aria-label": label,
        className: figureOf(cell) ? "opens" : "",
        onPointerMove: move,
        onPointerDown: press,
        onPointerLeave: () => setCell(null),
        onClick: release,
      },
      h("canvas", { ref: canvas, width: 1, height: 1, className: "matrix" }),
    ),
    h(
      "p",
      { className: "matrix-cell num", "aria-hidden": true },
      told ? `${matrix.names[cell.down]} · ${matrix.names[cell.across]}  ${number}` : matrix.hint,
    ),
  );
}
