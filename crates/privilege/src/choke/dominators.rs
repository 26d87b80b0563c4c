//! Dominators: which vertices lie on every way from the root to a vertex. The algorithm is Semi-NCA of Georgiadis and
//! Tarjan ("Finding Dominators in Practice"): near-linear, and nothing in it recurses.

/// The dominator tree of the vertices that the root leads to.
pub(super) struct Tree {
    /// The place of each vertex in the order of the search, or [`NONE`].
    place: Vec<u32>,
    /// The vertex at each place.
    vertex: Vec<u32>,
    /// By place: the place of the immediate dominator, which is a lower one.
    dominator: Vec<u32>,
    /// By place: in an order in which a vertex and all below it follow one another, where they start and how many they are.
    span: Vec<(u32, u32)>,
}

const NONE: u32 = u32::MAX;

impl Tree {
    /// Of a graph of vertices from 0 to `count`, by what leads to a vertex and what a vertex leads to.
    pub(super) fn new<'a, P>(
        count: usize,
        root: u32,
        predecessors: impl Fn(u32) -> P,
        successors: impl Fn(u32) -> &'a [u32],
    ) -> Self
    where
        P: Iterator<Item = u32>,
    {
        let mut search = Search::new(count);
        search.order(root, successors);
        search.semi_dominators(predecessors);
        let dominator = search.immediate();
        let span = spans(&dominator);
        Self { place: search.place, vertex: search.vertex, dominator, span }
    }

    pub(super) fn contains(&self, vertex: u32) -> bool {
        self.place(vertex).is_some()
    }

    fn place(&self, vertex: u32) -> Option<usize> {
        self.place.get(vertex as usize).filter(|place| **place != NONE).map(|place| *place as usize)
    }

    /// Whether all ways to a vertex cross the other, or they are the same.
    pub(super) fn is_below(&self, vertex: u32, other: u32) -> bool {
        let span = |vertex| self.place(vertex).and_then(|place| self.span.get(place).copied());
        match (span(vertex), span(other)) {
            (Some((at, _)), Some((start, length))) => (start..start + length).contains(&at),
            _ => false,
        }
    }

    /// By vertex: the sum of a number over it and all below it.
    pub(super) fn sums(&self, number: impl Fn(u32) -> u32) -> Vec<u32> {
        let mut sums: Vec<u32> = self.vertex.iter().map(|vertex| number(*vertex)).collect();
        for place in (1..sums.len()).rev() {
            let sum = sums.get(place).copied().unwrap_or(0);
            let above = self.dominator.get(place).map_or(0, |above| *above as usize);
            if let Some(above) = sums.get_mut(above) {
                *above += sum;
            }
        }
        let of = |place: &u32| sums.get(*place as usize).copied().unwrap_or(0);
        self.place.iter().map(of).collect()
    }
}

struct Search {
    place: Vec<u32>,
    vertex: Vec<u32>,
    /// By place: that from which the search came.
    parent: Vec<u32>,
    /// By place: the lowest place from which a way comes to it over higher ones only.
    semi: Vec<u32>,
    /// By place: an ancestor in the search, ever further up as ways there are shortened.
    ancestor: Vec<u32>,
    /// By place: which has the lowest `semi` on the way to that ancestor.
    label: Vec<u32>,
    /// The way up that is being shortened.
    way: Vec<u32>,
}

impl Search {
    fn new(count: usize) -> Self {
        Self {
            place: vec![NONE; count],
            vertex: Vec::new(),
            parent: Vec::new(),
            semi: Vec::new(),
            ancestor: Vec::new(),
            label: Vec::new(),
            way: Vec::new(),
        }
    }

    /// Gives each vertex its place, depth first.
    fn order<'a>(&mut self, root: u32, successors: impl Fn(u32) -> &'a [u32]) {
        let mut open = vec![(root, 0)];
        while let Some((vertex, parent)) = open.pop() {
            let Some(place) = self.place.get_mut(vertex as usize).filter(|place| **place == NONE) else {
                continue;
            };
            let number = u32::try_from(self.vertex.len()).unwrap_or(NONE);
            *place = number;
            self.vertex.push(vertex);
            self.parent.push(parent);
            open.extend(successors(vertex).iter().map(|next| (*next, number)));
        }
        self.label = (0..).take(self.vertex.len()).collect();
        self.semi.clone_from(&self.label);
        self.ancestor.clone_from(&self.parent);
    }

    fn semi_dominators<P: Iterator<Item = u32>>(&mut self, predecessors: impl Fn(u32) -> P) {
        for at in (1..self.vertex.len()).rev() {
            let (Some(vertex), Some(parent)) = (self.vertex.get(at), self.parent.get(at)) else { continue };
            let (mut semi, last) = (*parent, u32::try_from(at + 1).unwrap_or(NONE));
            for from in predecessors(*vertex) {
                let Some(from) = self.place.get(from as usize).filter(|place| **place != NONE) else {
                    continue;
                };
                let lowest = self.lowest(*from, last);
                semi = semi.min(get(&self.semi, lowest));
            }
            set(&mut self.semi, u32::try_from(at).unwrap_or(NONE), semi);
        }
    }

    /// Which place has the lowest `semi` on the way up from a place, as far as places from `last` on go; shortens that way.
    fn lowest(&mut self, from: u32, last: u32) -> u32 {
        let mut at = from;
        while get(&self.ancestor, at) >= last {
            self.way.push(at);
            at = get(&self.ancestor, at);
        }
        let top = get(&self.ancestor, at);
        let mut best = get(&self.label, at);
        while let Some(below) = self.way.pop() {
            let label = get(&self.label, below);
            if get(&self.semi, best) < get(&self.semi, label) {
                set(&mut self.label, below, best);
            } else {
                best = label;
            }
            set(&mut self.ancestor, below, top);
        }
        best
    }

    /// By place: the immediate dominator, the nearest common one of the parent and the semi-dominator.
    fn immediate(&self) -> Vec<u32> {
        let mut dominators = vec![0; self.vertex.len()];
        for at in 1..self.vertex.len() {
            let semi = self.semi.get(at).copied().unwrap_or(0);
            let mut above = self.parent.get(at).copied().unwrap_or(0);
            while above > semi {
                above = get(&dominators, above);
            }
            if let Some(dominator) = dominators.get_mut(at) {
                *dominator = above;
            }
        }
        dominators
    }
}

fn spans(dominator: &[u32]) -> Vec<(u32, u32)> {
    let mut length = vec![1; dominator.len()];
    for at in (1..dominator.len()).rev() {
        let sum =
            length.get(at).copied().unwrap_or(0) + dominator.get(at).map_or(0, |above| get(&length, *above));
        set(&mut length, dominator.get(at).copied().unwrap_or(0), sum);
    }
    let mut starts = vec![0; dominator.len()];
    // By place: where the next one below it starts.
    let mut next = vec![1; dominator.len()];
    for at in 1..dominator.len() {
        let above = dominator.get(at).copied().unwrap_or(0);
        let start = get(&next, above);
        set(&mut next, above, start + length.get(at).copied().unwrap_or(0));
        if let (Some(own), Some(next)) = (starts.get_mut(at), next.get_mut(at)) {
            (*own, *next) = (start, start + 1);
        }
    }
    starts.into_iter().zip(length).collect()
}

fn get(list: &[u32], at: u32) -> u32 {
    list.get(at as usize).copied().unwrap_or(0)
}

fn set(list: &mut [u32], at: u32, value: u32) {
    if let Some(place) = list.get_mut(at as usize) {
        *place = value;
    }
}
