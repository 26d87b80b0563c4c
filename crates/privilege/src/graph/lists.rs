//! Many short lists in one piece.

/// A list for each number from 0.
#[derive(Debug)]
pub(crate) struct Lists<T> {
    ends: Vec<u32>,
    items: Vec<T>,
}

impl<T> Lists<T> {
    pub(crate) fn new() -> Self {
        Self { ends: Vec::new(), items: Vec::new() }
    }

    /// Adds to the list of the next number.
    pub(crate) fn push(&mut self, item: T) {
        self.items.push(item);
    }

    /// Ends the list of the next number.
    pub(crate) fn end(&mut self) {
        self.ends.push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
    }

    /// How many lists there are.
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn of(&self, number: u32) -> &[T] {
        let at = number as usize;
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        match (start, self.ends.get(at)) {
            (Some(start), Some(end)) => self.items.get(start as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// All items, with the number of their list.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> + Clone {
        (0..)
            .zip(0..self.count())
            .flat_map(|(number, _)| self.of(number).iter().map(move |item| (number, item)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<T: Copy + Default> Lists<T> {
    /// So many lists of items, each of which names the number of its list. In a list, the order is that of the items.
    pub(crate) fn sorted(count: usize, items: impl Iterator<Item = (u32, T)> + Clone) -> Self {
        let mut ends = vec![0; count];
        for (number, _) in items.clone() {
            if let Some(end) = ends.get_mut(number as usize) {
                *end += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            (*end, sum) = (sum, sum + *end);
        }
        let mut sorted = vec![T::default(); sum as usize];
        for (number, item) in items {
            let Some(end) = ends.get_mut(number as usize) else { continue };
            if let Some(place) = sorted.get_mut(*end as usize) {
                *place = item;
            }
            *end += 1;
        }
        Self { ends, items: sorted }
    }
}
