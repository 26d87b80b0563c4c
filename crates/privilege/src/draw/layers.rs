//! Which layer everything lies in, and in which order.

use super::{Link, Picture};

/// What lies in a layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    /// A shape, by its number.
    Shape(usize),
    /// What stands on a link, by the number of the link.
    Lines(usize),
    /// A link that passes by.
    Bend(usize),
}

/// Items in layers from left to right, from top to bottom in each, and how they are connected.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) items: Vec<Item>,
    /// The numbers of the items of each layer.
    pub(super) layers: Vec<Vec<usize>>,
    /// By link: its items from left to right, from shape to shape.
    pub(super) chains: Vec<Vec<usize>>,
    /// By link: whether it leads from right to left.
    pub(super) back: Vec<bool>,
}

pub(super) fn layers(picture: &Picture) -> Layers {
    let back = back_links(picture);
    let level = levels(picture, &back);
    let mut layers = Layers { back, ..Layers::default() };
    for (number, level) in level.iter().enumerate() {
        layers.add(Item::Shape(number), 2 * level);
    }
    for (number, link) in picture.links.iter().enumerate() {
        let (left, right) = ends(link, layers.back.get(number) == Some(&true));
        let level = |shape: usize| level.get(shape).copied().unwrap_or(0);
        let mut chain = vec![left];
        let lines = 2 * level(left) + 1;
        chain.push(layers.add(Item::Lines(number), lines));
        for layer in lines + 1..2 * level(right) {
            chain.push(layers.add(Item::Bend(number), layer));
        }
        // A link of a shape with itself ends where it began.
        if left != right {
            chain.push(right);
        }
        layers.chains.push(chain);
    }
    layers.order();
    layers
}

/// A link as it is drawn: from left to right.
fn ends(link: &Link, back: bool) -> (usize, usize) {
    if back { (link.to, link.from) } else { (link.from, link.to) }
}

/// Which links lead back to where the search came from: without them, there are no cycles.
fn back_links(picture: &Picture) -> Vec<bool> {
    let mut back = vec![false; picture.links.len()];
    let mut from = vec![Vec::new(); picture.shapes.len()];
    for (number, link) in picture.links.iter().enumerate() {
        if let Some(from) = from.get_mut(link.from) {
            from.push((number, link.to));
        }
    }
    // By shape: not come to, on the way, done.
    let mut state = vec![State::New; picture.shapes.len()];
    for start in 0..picture.shapes.len() {
        let mut way = vec![(start, 0)];
        while let Some((shape, at)) = way.pop() {
            let Some(now) = state.get_mut(shape) else { continue };
            if at == 0 && *now != State::New {
                continue;
            }
            let Some((link, next)) = from.get(shape).and_then(|links| links.get(at)).copied() else {
                *now = State::Done;
                continue;
            };
            *now = State::Open;
            way.push((shape, at + 1));
            match state.get(next) {
                Some(State::Open) => {
                    if let Some(back) = back.get_mut(link) {
                        *back = next != shape;
                    }
                }
                Some(State::New) => way.push((next, 0)),
                _ => {}
            }
        }
    }
    back
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// By shape: how many links the longest way there has.
fn levels(picture: &Picture, back: &[bool]) -> Vec<usize> {
    let mut levels = vec![0; picture.shapes.len()];
    for _ in 0..picture.shapes.len() {
        let before = levels.clone();
        for (number, link) in picture.links.iter().enumerate() {
            let (left, right) = ends(link, back.get(number) == Some(&true));
            let least = levels.get(left).map_or(0, |level| level + 1);
            if let Some(level) = levels.get_mut(right).filter(|level| left != right && **level < least) {
                *level = least;
            }
        }
        if levels == before {
            break;
        }
    }
    levels
}

/// So many times the order is improved, from left to right and back.
const ROUNDS: usize = 8;

impl Layers {
    fn add(&mut self, item: Item, layer: usize) -> usize {
        if self.layers.len() <= layer {
            self.layers.resize(layer + 1, Vec::new());
        }
        let number = self.items.len();
        self.items.push(item);
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.push(number);
        }
        number
    }

    /// Pairs of items that are connected, the left one first.
    pub(super) fn connections(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.chains.iter().flat_map(|chain| chain.iter().copied().zip(chain.iter().copied().skip(1)))
    }

    /// Orders each layer by where the neighbours of its items lie, and keeps the order with the fewest crossings.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for round in 0..ROUNDS {
            let left_to_right = round % 2 == 0;
            let count = self.layers.len();
            for step in 1..count {
                let layer = if left_to_right { step } else { count - 1 - step };
                self.sort(layer, left_to_right);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn sort(&mut self, layer: usize, by_left: bool) {
        let positions = self.positions();
        // Sum of the positions of the neighbours, and how many there are.
        let mut centres = vec![(0, 0); self.items.len()];
        for (left, right) in self.connections() {
            let (item, neighbour) = if by_left { (right, left) } else { (left, right) };
            let position = positions.get(neighbour).copied().unwrap_or(0);
            if let Some(centre) = centres.get_mut(item) {
                *centre = (centre.0 + position, centre.1 + 1);
            }
        }
        let key = |item: &usize| match centres.get(*item) {
            Some((sum, count)) if *count > 0 => sum * SCALE / count,
            _ => positions.get(*item).copied().unwrap_or(0) * SCALE,
        };
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.sort_by_key(key);
        }
    }

    fn positions(&self) -> Vec<usize> {
        let mut positions = vec![0; self.items.len()];
        for layer in &self.layers {
            for (position, item) in layer.iter().enumerate() {
                if let Some(place) = positions.get_mut(*item) {
                    *place = position;
                }
            }
        }
        positions
    }

    fn crossings(&self) -> usize {
        let positions = self.positions();
        let at = |item: usize| positions.get(item).copied().unwrap_or(0);
        let layer_of = self.layer_of();
        let mut between = vec![Vec::new(); self.layers.len()];
        for (left, right) in self.connections() {
            if let Some(lines) = layer_of.get(left).and_then(|layer| between.get_mut(*layer)) {
                lines.push((at(left), at(right)));
            }
        }
        let cross = |one: &(usize, usize), other: &(usize, usize)| {
            (one.0 < other.0 && one.1 > other.1) || (one.0 > other.0 && one.1 < other.1)
        };
        let of = |lines: &Vec<(usize, usize)>| -> usize {
            let pairs = lines.iter().enumerate();
            pairs.map(|(at, one)| lines.iter().skip(at + 1).filter(|other| cross(one, other)).count()).sum()
        };
        between.iter().map(of).sum()
    }

    fn layer_of(&self) -> Vec<usize> {
        let mut layer_of = vec![0; self.items.len()];
        for (number, layer) in self.layers.iter().enumerate() {
            for item in layer {
                if let Some(place) = layer_of.get_mut(*item) {
                    *place = number;
                }
            }
        }
        layer_of
    }
}

/// Fractions of a position that are told apart.
const SCALE: usize = 1_000;
