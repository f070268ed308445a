// A canvas to write on, with mouse, pen, finger or keys. It records strokes; they are read elsewhere. This script is inlined
// and runs before the page is displayed, so that no stroke is lost while the rest is loading.

const PEN_SHARE = 0.058; // of the canvas' height: about the width of a marker in a line of writing
const PEN_OF_WRITING = 0.1; // of the largest stroke: small writing needs a thin pen, or it becomes a blot
const THINNEST = 2.5; // pixels
const STEP = 12, SMALL_STEP = 3; // pixels that an arrow key moves the pen
const POINTS_A_FRAME = 2; // speed at which an example is written

class Drawing {
  /** A drawing on `canvas`; strokes that begin beside it, in the area around it, belong to it too. */
  constructor(canvas) {
    this.canvas = canvas;
    this.changed = () => {}; // called with true after every stroke, and with false during a stroke
    this.strokes = [];
    this.past = []; // the strokes before each change, the latest last
    this.future = []; // what was undone
    this.current = null;
    this.growing = null; // the stroke of an example that is being written
    this.cursor = null;
    this.written = 0; // counts interruptions of an example being written
    this.#listen(canvas);
  }

  #listen(canvas) {
    const around = canvas.parentElement;
    around.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && (event.target === canvas || event.target === around)) this.#down(event);
    });
    // A mouse or pen that enters with its button down has begun its stroke beside the drawing.
    canvas.addEventListener("pointerenter", (event) => {
      if (event.buttons === 1 && event.pointerType !== "touch" && !this.current) this.#down(event);
    });
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => this.#up(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => { this.#endStroke(); this.cursor = null; this.paint(); });
    canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) this.#showCursor(); });
    // Safari scrolls by touch in spite of touch-action where a listener is passive.
    around.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    new ResizeObserver(() => this.paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  get isEmpty() { return this.strokes.length === 0; }

  get canUndo() { return this.past.length > 0; }

  get canRedo() { return this.future.length > 0; }

  /** Undoes the latest stroke, or restores what was cleared. */
  undo() { this.#step(this.past, this.future); }

  redo() { this.#step(this.future, this.past); }

  clear() {
    if (this.isEmpty) return;
    this.#remember();
    this.strokes = [];
    this.#tell(true);
  }

  /** Writes strokes, polylines in pixels of the canvas, like a hand; at once if reduced motion is preferred. */
  async write(strokes) {
    this.#remember();
    this.strokes = [];
    const mine = this.written;
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const points of strokes) {
      const stroke = this.growing = [];
      this.strokes.push(stroke);
      for (const [at, point] of points.entries()) {
        stroke.push(point);
        if (isStill || at % POINTS_A_FRAME) continue;
        this.#tell(false);
        await new Promise(requestAnimationFrame);
        if (mine !== this.written) return;
      }
    }
    this.growing = null;
    this.#tell(true);
  }

  #step(from, to) {
    if (!from.length) return;
    this.written++;
    to.push(this.strokes);
    this.strokes = from.pop();
    this.current = this.growing = null;
    this.#tell(true);
  }

  /** Saves the strokes before a change, so that undo restores them. */
  #remember() {
    this.written++;
    this.past.push([...this.strokes]);
    this.future = [];
    this.current = this.growing = null;
  }

  #begin(point) {
    this.#remember();
    this.current = [point];
    this.strokes.push(this.current);
    this.#tell(false);
  }

  /** The drawing as ink: uint8, 0 is paper, 255 full ink, one value per CSS pixel. */
  ink() {
    const { width, height } = this.#size();
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    this.#draw(context, "#000");
    const { data } = context.getImageData(0, 0, width, height);
    const ink = new Uint8Array(width * height);
    for (let i = 0; i < ink.length; i++) ink[i] = data[4 * i + 3];
    return { ink, width, height };
  }

  paint() {
    const { width, height } = this.#size();
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.canvas);
    this.#draw(context, style.color);
    if (this.cursor) {
      context.beginPath();
      context.arc(this.cursor.x, this.cursor.y, this.#pen() / 2 + 3, 0, 2 * Math.PI);
      context.strokeStyle = style.getPropertyValue("--accent");
      context.lineWidth = 2;
      context.setLineDash(this.current ? [] : [4, 4]);
      context.stroke();
      context.setLineDash([]);
    }
  }

  #size() {
    return { width: Math.max(1, this.canvas.clientWidth), height: Math.max(1, this.canvas.clientHeight) };
  }

  /** Adapts the pen to the writing: as thick as a marker if it is large, thin if it is small. */
  #pen() {
    const marker = Math.max(6, PEN_SHARE * this.#size().height);
    const largest = Math.max(0, ...this.strokes.filter((stroke) => stroke !== this.current && stroke !== this.growing).map(extent));
    return largest < marker ? marker : Math.min(Math.max(PEN_OF_WRITING * largest, THINNEST), marker);
  }

  #draw(context, colour) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = this.#pen();
    context.lineCap = context.lineJoin = "round";
    for (const points of this.strokes) {
      context.beginPath();
      if (points.length < 3) {
        const [a, b = a] = points;
        context.moveTo(a.x, a.y);
        context.lineTo(b.x + 0.01, b.y); // a dot is a line of zero length
      } else {
        // Curves through the midpoints, so that there are no corners that the hand did not make.
        context.moveTo(points[0].x, points[0].y);
        for (let i = 1; i < points.length - 1; i++) {
          const [p, q] = [points[i], points[i + 1]];
          context.quadraticCurveTo(p.x, p.y, (p.x + q.x) / 2, (p.y + q.y) / 2);
        }
        const last = points[points.length - 1];
        context.lineTo(last.x, last.y);
      }
      context.stroke();
    }
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left - this.canvas.clientLeft, y: event.clientY - box.top - this.canvas.clientTop };
  }

  #down(event) {
    if (!event.isPrimary) return; // ignore a resting palm
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor = null;
    this.#begin(this.#point(event));
  }

  #move(event) {
    if (!this.current || !event.isPrimary || this.cursor) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) this.#extend(this.#point(one));
    this.#tell(false);
  }

  #up(event) {
    if (!event.isPrimary || this.cursor) return;
    this.#endStroke();
  }

  #extend(point) {
    const last = this.current[this.current.length - 1];
    if (Math.hypot(point.x - last.x, point.y - last.y) >= 1) this.current.push(point);
  }

  #endStroke() {
    if (!this.current) return;
    this.current = null;
    this.#tell(true);
  }

  #showCursor() {
    const { width, height } = this.#size();
    this.cursor ??= { x: width / 2, y: height / 4 };
    this.paint();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      if (key === "y" || event.shiftKey) this.redo();
      else this.undo();
      return;
    }
    const step = event.shiftKey ? SMALL_STEP : STEP;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key in moves) {
      this.#showCursor();
      const { width, height } = this.#size();
      const [x, y] = moves[event.key];
      this.cursor = {
        x: Math.min(Math.max(this.cursor.x + x, 0), width), y: Math.min(Math.max(this.cursor.y + y, 0), height),
      };
      if (this.current) { this.current.push({ ...this.cursor }); this.#tell(false); } else this.paint();
    } else if (event.key === " ") {
      this.#showCursor();
      if (this.current) this.#endStroke();
      else this.#begin({ ...this.cursor });
    } else if (event.key === "u") {
      this.undo();
    } else if (event.key === "r") {
      this.redo();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return; // leave the key to the browser
    }
    event.preventDefault();
  }

  #tell(isFinished) {
    this.paint();
    this.changed(isFinished);
  }
}

/** The extent of a stroke in pixels. */
function extent(points) {
  const reach = (axis) => {
    const values = points.map((point) => point[axis]);
    return Math.max(...values) - Math.min(...values);
  };
  return Math.max(reach("x"), reach("y"));
}

const canvas = document.getElementById("canvas");
canvas.drawing = new Drawing(canvas);
canvas.drawing.paint();
