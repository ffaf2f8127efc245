/* Further parts of a site's card, each drawn where the study has it. */
function blocksOf(th, site, index) {
  return BLOCKS.map((draw) => draw(th, site, index)).filter(Boolean);
}
const BLOCKS = [];
