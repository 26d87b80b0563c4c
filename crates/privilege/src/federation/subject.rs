//! Whoever somebody vouches for: by name, in words, and how many that may be.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::{Part, fill};
use super::{Claim, Voucher};
use crate::pattern::Pattern;
use crate::pattern::units;

/// How many somebody outside may be.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Breadth {
    /// Anybody can become it.
    #[default]
    Anyone,
    /// Some of those that belong to one organisation, account or application.
    Tenant,
    /// One.
    Exact,
}

impl Breadth {
    /// It in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Tenant => "tenant",
            Self::Exact => "exact",
        }
    }
}

/// Somebody outside for whom an issuer vouches, or all whose tokens are so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subject {
    /// What names of the same issuer begin with.
    pub(crate) issuer: Box<str>,
    /// The claims that tell who it is, in lower case, each with what it says; the others may say anything, or nothing.
    pub(crate) claims: Vec<(Box<str>, Pattern)>,
    /// Its name.
    pub(crate) name: Box<str>,
    /// What it is called.
    pub(crate) words: Box<str>,
    /// How many it may be.
    pub(crate) breadth: Breadth,
}

impl Subject {
    /// Whether everybody who is another one is this one, too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.claims.iter().all(|(key, own)| {
                let said = other.claims.iter().find(|(name, _)| name == key);
                said.is_some_and(|(_, said)| units::covers(&own.units(), &said.units()))
            })
    }
}

impl Voucher<'_> {
    /// Whoever has a token that says this: condition keys in lower case, each with what stands there. What is any text is
    /// not said.
    pub(crate) fn subject(&self, cluster: Option<&str>, said: &[(Box<str>, Pattern)]) -> Subject {
        let mut told: Vec<Told<'_>> = said
            .iter()
            .filter(|(_, pattern)| !pattern.is_any())
            .filter_map(|(key, pattern)| {
                let place = self.claim(key)?;
                let claim = self.issuer.claims.get(place)?;
                (!says_nothing(claim, pattern)).then(|| Told::new((place, claim), key, pattern))
            })
            .collect();
        told.sort_by_key(|one| (one.place, one.key));
        let filled = |text: &str| match cluster {
            Some(cluster) => text.replace("{cluster}", cluster),
            None => text.to_owned(),
        };
        let issuer = self.fill(&filled(&self.issuer.name));
        let title = self.fill(&filled(&self.issuer.title));
        let breadth = self.breadth(&told);
        let name = name(&issuer, self.issuer.claims.first(), &told).into();
        let words = words(&title, &told).into();
        let claims = told.iter().map(|one| (one.key.into(), one.pattern.clone())).collect();
        Subject { issuer: issuer.into(), claims, name, words, breadth }
    }

    fn breadth(&self, told: &[Told<'_>]) -> Breadth {
        if told.iter().any(|one| one.claim.open.contains_key(one.pattern.text())) {
            return Breadth::Anyone;
        }
        let is_one = |one: &Told<'_>| {
            let is_known = !one.parts.is_empty() || !self.issuer.written_freely;
            one.claim.one && one.pattern.is_literal() && is_known
        };
        let belongs = |one: &Told<'_>| {
            let reach = one.pattern.prefix().len();
            let tells = |part: &Part<'_>| {
                let ends = part.end < reach || (one.pattern.is_literal() && part.end == reach);
                ends && self.issuer.tenant.iter().any(|name| **name == *part.name)
            };
            one.parts.iter().any(tells)
        };
        let is_pinned = !self.issuer.shared || told.iter().any(|one| belongs(one) || is_one(one));
        match (is_pinned, told.iter().any(is_one)) {
            (false, _) => Breadth::Anyone,
            (true, false) => Breadth::Tenant,
            (true, true) => Breadth::Exact,
        }
    }
}

/// Whether a pattern asks for no more than what a claim begins with anyway.
fn says_nothing(claim: &Claim, pattern: &Pattern) -> bool {
    let begins = pattern.text().strip_suffix('*').is_some_and(|begin| *begin == *claim.prefix);
    begins && !claim.prefix.is_empty() && !pattern.is_literal()
}

/// What a token says under one key.
struct Told<'a> {
    place: usize,
    claim: &'a Claim,
    key: &'a str,
    pattern: &'a Pattern,
    /// The parts of the first form that fits.
    parts: Vec<Part<'a>>,
}

impl<'a> Told<'a> {
    fn new((place, claim): (usize, &'a Claim), key: &'a str, pattern: &'a Pattern) -> Self {
        let parts = claim.forms.iter().find_map(|form| form.fit(pattern.text())).unwrap_or_default();
        Self { place, claim, key, pattern, parts }
    }

    /// What stands in names.
    fn text(&self) -> String {
        let text = self.pattern.text();
        match &self.claim.short {
            Some(short) if !self.parts.is_empty() => {
                fill(short, self.parts.iter().map(|part| (part.name, part.text)))
            }
            _ => text.strip_prefix(&*self.claim.prefix).unwrap_or(text).to_owned(),
        }
    }

    /// The last part of its key.
    fn short_key(&self) -> &'a str {
        self.key.rsplit_once(':').map_or(self.key, |(_, end)| end)
    }
}

/// The name of whoever it is: what the first claim says, and others by their keys.
fn name(issuer: &str, first: Option<&Claim>, told: &[Told<'_>]) -> String {
    let others = told.iter().filter(|one| first != Some(one.claim));
    let others = others.map(|one| format!("{}={}", one.short_key(), one.text()));
    let first = told.iter().find(|one| first == Some(one.claim)).map(Told::text);
    let all: Vec<String> = first.into_iter().chain(others).collect();
    if all.is_empty() { format!("{issuer}:*") } else { format!("{issuer}:{}", all.join(",")) }
}

/// What whoever it is is called, the narrowest part first: `any branch of repository r of organisation o on GitHub`.
fn words(title: &str, told: &[Told<'_>]) -> String {
    let mut parts: Vec<(&str, &str)> = Vec::new();
    for part in told.iter().flat_map(|one| &one.parts) {
        match parts.iter_mut().find(|(name, _)| *name == part.name) {
            Some((_, text)) if *text == "*" => *text = part.text,
            Some(_) => {}
            None => parts.push((part.name, part.text)),
        }
    }
    parts.reverse();
    // Of any branch of any repository, it is enough to say the latter.
    while let [(_, "*"), (_, "*"), ..] = parts.as_slice() {
        parts.remove(0);
    }
    let is_anyone = parts.iter().all(|(_, text)| *text == "*");
    let mut phrases: Vec<String> = match is_anyone {
        true => vec!["anyone".to_owned()],
        false => {
            let phrase = |(name, text): &(&str, &str)| match *text {
                "*" => format!("any {name}"),
                text => format!("{name} {text}"),
            };
            vec![parts.iter().map(phrase).collect::<Vec<_>>().join(" of ")]
        }
    };
    phrases.push(title.to_owned());
    let whose = told.iter().filter(|one| one.parts.is_empty()).map(|one| {
        let is = if one.pattern.is_literal() { "is" } else { "is like" };
        format!("{} {is} {}", one.short_key(), one.pattern.text())
    });
    let whose: Vec<String> = whose.collect();
    if !whose.is_empty() {
        phrases.push(format!("whose {}", whose.join(" and whose ")));
    }
    phrases.join(" ")
}
