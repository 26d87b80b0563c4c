//! What a document says of some permissions of interest: the first sieve, so that the many principals that hold none of
//! what a question is about are not looked at again, and those of whom the same is said are asked about once.

use crate::document::{Document, Effect, Selection, Statement};
use crate::pattern::Pattern;

/// The permissions that questions are about, in lower case and in order; at most [`Mask::PERMISSIONS_MAX`].
#[derive(Clone, Debug, Default)]
pub struct Interest {
    names: Vec<Box<str>>,
}

/// What a document says of permissions of interest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sayings {
    /// What it could allow on some resource, under some condition.
    pub(crate) allows: Mask,
    /// What it allows on everything, without conditions.
    pub(crate) frees: Mask,
    /// What it could deny.
    pub(crate) denies: Mask,
    /// What it may allow or deny to one identity and not to another.
    pub(crate) personal: Mask,
}

/// A set of permissions of interest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Mask([u64; Self::WORDS]);

impl Mask {
    const WORDS: usize = 8;
    /// All that could be of interest.
    pub(crate) const ALL: Self = Self([u64::MAX; Self::WORDS]);
    /// How many permissions may be of interest.
    pub const PERMISSIONS_MAX: usize = Self::WORDS * 64;

    /// Whether all of another set are in this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| own & other == other)
    }

    /// Whether something of another set is in this one.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(own, other)| own & other != 0)
    }

    /// Takes in what is in another.
    pub fn join(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }

    /// Takes out what is not in another.
    pub fn keep(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own &= other;
        }
    }

    fn put(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Takes out what is in another.
    pub(crate) fn leave(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own &= !other;
        }
    }
}

impl Interest {
    /// In permissions of these names. More than a mask holds are cut off at the end; what is cut off sieves nobody out.
    #[must_use]
    pub fn new(names: &[&str]) -> Self {
        let mut names: Vec<Box<str>> =
            names.iter().map(|name| name.to_ascii_lowercase().into_boxed_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.truncate(Mask::PERMISSIONS_MAX);
        Self { names }
    }

    /// The mask of one permission; empty when it is not of interest.
    #[must_use]
    pub fn of(&self, name: &str) -> Mask {
        let mut mask = Mask::default();
        if let Ok(place) = self.names.binary_search_by(|known| (**known).cmp(&*name.to_ascii_lowercase())) {
            mask.put(place);
        }
        mask
    }

    /// The mask of several permissions.
    #[must_use]
    pub fn all_of<const N: usize>(&self, names: [&str; N]) -> Mask {
        let mut all = Mask::default();
        names.iter().for_each(|name| all.join(&self.of(name)));
        all
    }

    /// What a document could allow on some resource, under some condition.
    #[must_use]
    pub fn allowed(&self, document: &Document) -> Mask {
        let mut mask = Mask::default();
        let allows = |statement: &&Statement| statement.effect == Effect::Allow;
        document.statements.iter().filter(allows).for_each(|statement| mask.join(&self.named(statement)));
        mask
    }

    /// All that a document says.
    pub(crate) fn said(&self, document: &Document) -> Sayings {
        let mut said = Sayings::default();
        for statement in &document.statements {
            let named = self.named(statement);
            match statement.effect {
                Effect::Allow => said.allows.join(&named),
                Effect::Deny => said.denies.join(&named),
            }
            if statement.is_unlimited() {
                said.frees.join(&named);
            }
            if statement.is_personal() {
                said.personal.join(&named);
            }
        }
        said
    }

    /// What a statement speaks of.
    fn named(&self, statement: &Statement) -> Mask {
        match &statement.permissions {
            Selection::Only(patterns) => self.matched(patterns),
            Selection::AllBut(patterns) => {
                let mut rest = self.all();
                rest.leave(&self.matched(patterns));
                rest
            }
        }
    }

    fn all(&self) -> Mask {
        let mut mask = Mask::default();
        (0..self.names.len()).for_each(|place| mask.put(place));
        mask
    }

    /// Names that begin alike lie together, so that a pattern is compared with those only that begin as it does.
    fn matched(&self, patterns: &[Pattern]) -> Mask {
        let mut mask = Mask::default();
        for pattern in patterns {
            let prefix = pattern.prefix();
            let first = self.names.partition_point(|name| **name < *prefix);
            let alike = self.names.iter().enumerate().skip(first);
            for (place, name) in alike.take_while(|(_, name)| name.starts_with(prefix)) {
                if pattern.matches(name) {
                    mask.put(place);
                }
            }
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::{Interest, Mask};
    use crate::document::Document;

    fn allowed(interest: &Interest, statements: &str) -> Vec<&'static str> {
        let document = Document::read(&format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#));
        let mask = document.map(|document| interest.allowed(&document)).unwrap_or_default();
        NAMES.into_iter().filter(|name| mask.holds(&interest.of(name))).collect()
    }

    const NAMES: [&str; 4] = ["iam:PassRole", "iam:PutRolePolicy", "lambda:CreateFunction", "sts:AssumeRole"];

    #[test]
    fn a_document_allows_what_its_patterns_match() {
        let interest = Interest::new(&NAMES);
        let cases: [(&str, &[&str]); 5] = [
            (
                r#"{"Effect":"Allow","Action":"IAM:p*","Resource":"*"}"#,
                &["iam:PassRole", "iam:PutRolePolicy"],
            ),
            (r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#, &[]),
            (r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#, &NAMES),
            (
                r#"{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}"#,
                &["lambda:CreateFunction"],
            ),
            (r#"{"Effect":"Allow","Action":"*:?ssumeRole","Resource":"*"}"#, &["sts:AssumeRole"]),
        ];
        for (statements, expected) in cases {
            assert_eq!(allowed(&interest, statements), expected, "{statements}");
        }
        assert_eq!(interest.of("s3:GetObject"), Mask::default());
    }
}
