// Counts down the seconds until a token expires.
function inWords(seconds) {
  if (seconds <= 0) return "no longer: it has expired";
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60} s`;
  return hours ? `${hours} h ${minutes} min ${rest}` : minutes ? `${minutes} min ${rest}` : rest;
}

export function start(place) {
  const endsAt = performance.now() + Number(place.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    place.textContent = inWords(left);
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}
