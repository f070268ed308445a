// Keeps the page for when there is no network. The server puts its version and its files in.

const NAME = "digitry-VERSION";
const FILES = FILE_LIST;

/** Whether an address changes with its bytes: what is kept of it is right for good. */
const isLasting = ({ pathname, search }) =>
  pathname.startsWith("FOLDER") || (pathname.startsWith("/models/") && search.startsWith("?v="));

self.addEventListener("install", (event) => event.waitUntil(install()));

async function install() {
  const cache = await caches.open(NAME);
  const { networks } = await (await fetch("/config.json")).json();
  // The browser has them all at hand: the page has just loaded them.
  await cache.addAll([...FILES, ...Object.values(networks).map(({ address }) => address)]);
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("digitry-") && name !== NAME);
  event.waitUntil(
    caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (isLasting(url)) event.respondWith(keptFirst(url));
  else if (FILES.includes(url.pathname)) serverFirst(event, url.pathname);
});

async function keptFirst({ pathname, search }) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(pathname + search);
  if (kept) return kept;
  const response = await fetch(pathname + search);
  if (response.ok && search) {
    await cache.delete(pathname, { ignoreSearch: true }); // another network has taken its place
    await cache.put(pathname + search, response.clone());
  }
  return response;
}

/** The server first, so that a new version or another model shows at once; what was kept where it cannot be reached. */
function serverFirst(event, pathname) {
  const answer = fetch(event.request);
  const kept = answer.then(async (response) => {
    if (!response.ok) return;
    const copy = response.clone(); // now: the page is about to read the other
    await (await caches.open(NAME)).put(pathname, copy);
  });
  event.waitUntil(kept.catch(() => {}));
  event.respondWith(answer.catch(() => caches.match(pathname, { cacheName: NAME })));
}
