/** A canvas as sharp as the screen: `width` x `height` CSS pixels, cleared to `color`. Returns its 2-D context, scaled to them. */
export function freshContext(canvas, width, height, color) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
  return context;
}
