// A canvas to write on, with mouse, pen, finger or keys. It knows strokes; what they mean is read elsewhere.

const PEN_SHARE = 0.058; // of the canvas' height: about what a marker is to a line of writing
const STEP = 12, SMALL_STEP = 3; // pixels that an arrow key moves the pen

export class Drawing {
  /** `changed(isFinished)` is called after every stroke (true) and while one is being drawn (false). */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.current = null;
    this.cursor = null;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => this.#up(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => { this.#endStroke(); this.cursor = null; this.paint(); });
    canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) this.#showCursor(); });
    // Safari scrolls by touch in spite of touch-action where a listener is passive.
    canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    new ResizeObserver(() => this.paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  get isEmpty() { return this.strokes.length === 0; }

  undo() { this.strokes.pop(); this.current = null; this.#tell(true); }

  clear() { this.strokes = []; this.current = null; this.#tell(true); }

  /** What is drawn as ink: uint8, 0 is paper, 255 full ink, one value a CSS pixel. */
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

  #pen() { return Math.max(6, PEN_SHARE * this.#size().height); }

  #draw(context, colour) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = this.#pen();
    context.lineCap = context.lineJoin = "round";
    for (const points of this.strokes) {
      context.beginPath();
      if (points.length < 3) {
        const [a, b = a] = points;
        context.moveTo(a.x, a.y);
        context.lineTo(b.x + 0.01, b.y); // a dot is a line without length
      } else {
        // Curves through the middles between the points: no corners where the hand made none.
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
    if (event.button !== 0 || !event.isPrimary) return; // a resting palm is no pen
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor = null;
    this.current = [this.#point(event)];
    this.strokes.push(this.current);
    this.#tell(false);
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
      if (event.key === "z" && !this.isEmpty) { event.preventDefault(); this.undo(); }
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
      else { this.current = [{ ...this.cursor }]; this.strokes.push(this.current); this.#tell(false); }
    } else if (event.key === "u" && !this.isEmpty) {
      this.undo();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return; // the key is the browser's
    }
    event.preventDefault();
  }

  #tell(isFinished) {
    this.paint();
    this.changed(isFinished);
  }
}
