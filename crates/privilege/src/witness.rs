//! Whether two patterns have a text in common, and one that they do: an example to ask about, where a policy names
//! resources by patterns and no resource is known.

use std::collections::VecDeque;

/// What stands for a character that may be any.
const ANY: char = 'x';

/// Patterns longer than this together are not looked into: they have a text in common for all that is known.
const STEPS_MAX: usize = 1 << 20;

/// The shortest text that both patterns match, with `x` where any character will do; `None` when there is none.
#[must_use]
pub fn common(one: &str, other: &str) -> Option<String> {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().saturating_mul(other.len()) > STEPS_MAX {
        return Some(one.iter().filter(|c| **c != '*').map(|c| if *c == '?' { ANY } else { *c }).collect());
    }
    Search::new(&one, &other).run()
}

/// A search in breadth over how far both patterns have come.
struct Search<'a> {
    one: &'a [char],
    other: &'a [char],
    /// How each place was reached first: from where, and with which character.
    reached: Vec<Option<(usize, Option<char>)>>,
    queue: VecDeque<usize>,
}

impl<'a> Search<'a> {
    fn new(one: &'a [char], other: &'a [char]) -> Self {
        let places = (one.len() + 1) * (other.len() + 1);
        Self { one, other, reached: vec![None; places], queue: VecDeque::new() }
    }

    fn place(&self, at: usize, by: usize) -> usize {
        at * (self.other.len() + 1) + by
    }

    /// A place from another; the first way to it is the shortest, because steps without a character are taken first.
    fn step(&mut self, from: usize, to: usize, with: Option<char>) {
        if let Some(reached) = self.reached.get_mut(to)
            && reached.is_none()
        {
            *reached = Some((from, with));
            match with {
                None => self.queue.push_front(to),
                Some(_) => self.queue.push_back(to),
            }
        }
    }

    fn run(mut self) -> Option<String> {
        let end = self.place(self.one.len(), self.other.len());
        self.step(0, 0, None);
        while let Some(from) = self.queue.pop_front() {
            if from == end {
                return Some(self.text(end));
            }
            let (at, by) = (from / (self.other.len() + 1), from % (self.other.len() + 1));
            self.spread(from, at, by);
        }
        None
    }

    fn spread(&mut self, from: usize, at: usize, by: usize) {
        let (one, other) = (self.one.get(at).copied(), self.other.get(by).copied());
        let star = |c: Option<char>| c == Some('*');
        // A star may end without a character.
        if star(one) {
            self.step(from, self.place(at + 1, by), None);
        }
        if star(other) {
            self.step(from, self.place(at, by + 1), None);
        }
        let (Some(one), Some(other)) = (one, other) else { return };
        let Some(with) = both(one, other) else { return };
        let next = |c: char, at: usize| if c == '*' { at } else { at + 1 };
        let to = self.place(next(one, at), next(other, by));
        if to != from {
            self.step(from, to, Some(with));
        }
    }

    fn text(&self, end: usize) -> String {
        let mut characters = Vec::new();
        let mut at = end;
        while at != 0 {
            let Some(Some((from, with))) = self.reached.get(at) else { break };
            characters.extend(*with);
            at = *from;
        }
        characters.iter().rev().collect()
    }
}

/// A character that both take.
fn both(one: char, other: char) -> Option<char> {
    let is_wild = |c: char| matches!(c, '*' | '?');
    match (is_wild(one), is_wild(other)) {
        (true, true) => Some(ANY),
        (true, false) => Some(other),
        (false, true) => Some(one),
        (false, false) => (one == other).then_some(one),
    }
}

/// Whether a pattern matches everything that begins with a text.
#[must_use]
pub fn covers(pattern: &crate::pattern::Pattern, prefix: &str) -> bool {
    pattern.text().ends_with('*') && pattern.matches(prefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{common, covers};
    use crate::pattern::Pattern;

    #[test]
    fn the_shortest_common_text_is_found() {
        let cases = [
            ("*", "arn:aws:iam::1:policy/*", Some("arn:aws:iam::1:policy/")),
            ("arn:aws:iam::*:policy/fn2-*", "arn:aws:iam::1:policy/*", Some("arn:aws:iam::1:policy/fn2-")),
            ("arn:aws:iam::aws:policy/fp4-*", "arn:aws:iam::1:policy/*", None),
            ("a?c", "*b*", Some("abc")),
            ("a*", "*b", Some("ab")),
            ("", "*", Some("")),
            ("a", "b", None),
        ];
        for (one, other, expected) in cases {
            assert_eq!(common(one, other).as_deref(), expected, "{one} and {other}");
            assert_eq!(
                common(other, one).map(|text| text.len()),
                expected.map(str::len),
                "{other} and {one}"
            );
        }
    }

    proptest! {
        #[test]
        fn both_patterns_match_what_is_found(one in "[abx*?]{0,7}", other in "[abx*?]{0,7}", text in "[abx]{0,5}") {
            let (left, right) = (Pattern::new(&one), Pattern::new(&other));
            match common(&one, &other) {
                Some(found) => prop_assert!(left.matches(&found) && right.matches(&found), "{found}"),
                None => prop_assert!(!(left.matches(&text) && right.matches(&text))),
            }
        }

        #[test]
        fn what_is_covered_is_matched(pattern in "[ab*?]{0,6}", prefix in "[ab]{0,4}", rest in "[ab]{0,4}") {
            let pattern = Pattern::new(&pattern);
            let text = format!("{prefix}{rest}");
            prop_assert!(!covers(&pattern, &prefix) || pattern.matches(&text));
        }
    }
}
