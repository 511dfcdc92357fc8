// Makes a photograph small enough to send: drawn anew, it also loses where and with what it was taken.
const LONGEST_SIDE = 1600;
const QUALITY = 0.85;

/** Draw a file into a canvas, show that, and return it as a JPEG. Throws for a file that is no picture. */
export async function shrink(file, canvas) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  // A JPEG knows no transparency; what is clear would come out black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  canvas.hidden = false;
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) throw new TypeError("the picture could not be written");
  return blob;
}
