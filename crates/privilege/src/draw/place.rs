//! Where everything stands: columns from left to right, and in each column nothing over anything else.

use super::layers::{Item, Layers};
use super::svg::Boxes;

/// The place of every item.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) layers: &'a Layers,
    /// By item: its left and upper corner, and its size.
    pub(super) areas: Vec<Area>,
    /// By layer: where its column begins and ends.
    pub(super) columns: Vec<(i64, i64)>,
    /// By item: its layer.
    pub(super) layer_of: Vec<usize>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// A rectangle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Area {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

impl Area {
    pub(super) fn middle(self) -> i64 {
        self.y + self.height / 2
    }

    fn bottom(self) -> i64 {
        self.y + self.height
    }
}

/// Free on all sides of the picture.
pub(super) const MARGIN: i64 = 20;
/// From column to column: room for a line to bend in.
const GAP: i64 = 34;
/// From item to item in a column.
const ROW_GAP: i64 = 16;
/// So many times items are drawn towards their neighbours.
const ROUNDS: usize = 12;

pub(super) fn place<'a>(layers: &'a Layers, boxes: &Boxes) -> Placed<'a> {
    let mut placed = Placed {
        layers,
        areas: layers.items.iter().map(|item| boxes.area(*item)).collect(),
        columns: Vec::new(),
        layer_of: vec![0; layers.items.len()],
        width: 0,
        height: 0,
    };
    placed.set_columns();
    placed.stack();
    for round in 0..ROUNDS {
        for step in 0..layers.layers.len() {
            placed.pull(if round % 2 == 0 { step } else { layers.layers.len() - 1 - step });
        }
    }
    placed.fit();
    placed
}

impl Placed<'_> {
    fn set_columns(&mut self) {
        let mut x = MARGIN;
        for (number, layer) in self.layers.layers.iter().enumerate() {
            let widths = layer.iter().filter_map(|item| self.areas.get(*item)).map(|area| area.width);
            let width = widths.max().unwrap_or(0);
            for item in layer {
                if let Some(area) = self.areas.get_mut(*item) {
                    area.x = x + (width - area.width) / 2;
                }
                if let Some(layer_of) = self.layer_of.get_mut(*item) {
                    *layer_of = number;
                }
            }
            self.columns.push((x, x + width));
            x += width + GAP;
        }
        self.width = (x - GAP + MARGIN).max(2 * MARGIN);
    }

    /// Puts the items of each column below one another.
    fn stack(&mut self) {
        for layer in &self.layers.layers {
            let mut y = 0;
            for item in layer {
                if let Some(area) = self.areas.get_mut(*item) {
                    area.y = y;
                    y = area.bottom() + ROW_GAP;
                }
            }
        }
    }

    /// Moves the items of a column to the middle of their neighbours, as near as their order and size allow: where they
    /// would lie over each other, they meet halfway.
    fn pull(&mut self, layer: usize) {
        let Some(items) = self.layers.layers.get(layer) else { return };
        let mut sums = vec![(0, 0); self.areas.len()];
        for (left, right) in self.layers.connections() {
            for (item, neighbour) in [(left, right), (right, left)] {
                let middle = self.areas.get(neighbour).map_or(0, |area| area.middle());
                if let Some(sum) = sums.get_mut(item) {
                    *sum = (sum.0 + middle, sum.1 + 1);
                }
            }
        }
        // Blocks of items that touch: where the first would like to be, summed over them, their number, their height.
        let mut blocks: Vec<Block> = Vec::new();
        for item in items {
            let Some(area) = self.areas.get(*item) else { continue };
            let wish = match sums.get(*item) {
                Some((sum, count)) if *count > 0 => sum / count - area.height / 2,
                _ => area.y,
            };
            let mut block = Block { wishes: wish, count: 1, height: area.height + ROW_GAP };
            while let Some(above) = blocks.pop_if(|above| above.top() + above.height > block.top()) {
                block = above.joined(&block);
            }
            blocks.push(block);
        }
        let mut items = items.iter();
        for block in blocks {
            let mut y = block.top();
            for item in items.by_ref().take(usize::try_from(block.count).unwrap_or(0)) {
                if let Some(area) = self.areas.get_mut(*item) {
                    area.y = y;
                    y = area.bottom() + ROW_GAP;
                }
            }
        }
    }

    /// Moves all down to where the picture begins.
    fn fit(&mut self) {
        let top = self.areas.iter().map(|area| area.y).min().unwrap_or(0);
        for area in &mut self.areas {
            area.y += TOP - top;
        }
        self.height = self.areas.iter().map(|area| area.bottom()).max().unwrap_or(TOP) + MARGIN;
    }
}

/// The title stands above.
pub(super) const TOP: i64 = 56;

struct Block {
    wishes: i64,
    count: i64,
    height: i64,
}

impl Block {
    fn top(&self) -> i64 {
        self.wishes.div_euclid(self.count.max(1))
    }

    fn joined(&self, below: &Self) -> Self {
        Self {
            // The wishes of those below are for themselves: the block begins that much higher.
            wishes: self.wishes + below.wishes - self.height * below.count,
            count: self.count + below.count,
            height: self.height + below.height,
        }
    }
}

/// Whether an item is a line that passes by.
pub(super) fn is_bend(item: Option<&Item>) -> bool {
    matches!(item, Some(Item::Bend(_)))
}
