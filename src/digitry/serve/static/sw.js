// Keeps the page for when there is no network. The server puts its version and its files in.

const NAME = "digitry-VERSION";
const FILES = FILE_LIST;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("digitry-") && name !== NAME);
  event.waitUntil(
    caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !FILES.includes(pathname)) return;
  // The server first, so that a new version or another model shows at once; what was kept where it cannot be reached.
  const answer = fetch(event.request);
  const kept = answer.then(async (response) => {
    if (!response.ok) return;
    const copy = response.clone(); // now: the page is about to read the other
    await (await caches.open(NAME)).put(pathname, copy);
  });
  event.waitUntil(kept.catch(() => {}));
  event.respondWith(answer.catch(() => caches.match(pathname, { cacheName: NAME })));
});
