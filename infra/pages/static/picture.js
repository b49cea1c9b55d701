// Pictures of flows in a page. They come as text and are read as SVG, never as the page's own markup.

export function parsed(text) {
  const picture = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (picture.namespaceURI !== "http://www.w3.org/2000/svg") throw new Error("this is not a picture");
  return document.importNode(picture, true);
}
