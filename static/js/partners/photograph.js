// Makes a photograph small enough to send. Redrawing it also removes its place, camera and other metadata.
const LONGEST_SIDE = 1600;
const QUALITY = 0.85;

/** Draws a file into a canvas, shows the canvas, and returns a JPEG of it. Throws if the file is not a picture. */
export async function shrink(file, canvas) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  // JPEG has no transparency; transparent parts would become black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  canvas.hidden = false;
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) throw new TypeError("the picture could not be written");
  return blob;
}
