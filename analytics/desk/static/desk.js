// The slider walks through the instants that the links name; without a script the links do.
const nav = document.querySelector(".scrub");
if (nav) {
  const slider = nav.querySelector("input");
  const links = [...nav.querySelectorAll("a")];
  if (links.length > 1) slider.hidden = false;
  const label = () => slider.setAttribute("aria-valuetext", links[slider.value].title);
  label();
  slider.addEventListener("input", label);
  slider.addEventListener("change", () => location.assign(links[slider.value].href));
}
