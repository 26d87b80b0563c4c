//! Which members of a pool some patterns match. Very many principals are asked about a large pool by the same few patterns,
//! such as those of control policies.

use std::collections::VecDeque;

use crate::pattern::Pattern;

/// What was found for the patterns that were looked for last, in a pool that does not change meanwhile.
#[derive(Debug, Default)]
pub struct Matches(VecDeque<(Pattern, Box<[u32]>)>);

/// So many patterns are remembered of a pool.
const PATTERNS_MAX: usize = 8;

impl Matches {
    /// The places of members that a pattern matches, looked for by `find` unless they are known.
    pub(super) fn of(&mut self, pattern: &Pattern, find: impl FnOnce() -> Box<[u32]>) -> &[u32] {
        match self.0.iter().position(|(known, _)| known == pattern) {
            Some(place) => self.0.swap(0, place),
            None => {
                self.0.truncate(PATTERNS_MAX - 1);
                self.0.push_front((pattern.clone(), find()));
            }
        }
        self.0.front().map_or(&[], |(_, places)| places)
    }
}
