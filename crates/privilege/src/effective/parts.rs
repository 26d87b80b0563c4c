//! What documents say, in sets: each statement is a set of permissions on some resources.

use super::Unmatched;
use crate::document::{Document, Effect, Selection, Statement};
use crate::estate::PolicyId;
use crate::pattern::{Pattern, units};
use crate::permission_set::PermissionSet;
use crate::sets::{SetId, Sets};
use crate::truth::Truth;

/// What a document says.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts<'a> {
    pub(super) allows: Vec<Part<'a>>,
    pub(super) denies: Vec<Part<'a>>,
    /// It is missing or cannot be read: it may say anything.
    pub(super) is_unread: bool,
}

impl Parts<'_> {
    pub(super) fn unread() -> Self {
        Self { is_unread: true, ..Self::default() }
    }
}

/// Permissions on some resources.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub(super) permissions: SetId,
    pub(super) on: On<'a>,
    /// Open, if it is so only under some circumstances.
    pub(super) holds: Truth,
}

/// Which resources.
#[derive(Clone, Copy, Debug)]
pub(super) enum On<'a> {
    /// All, and none where a permission acts on none.
    Anything,
    /// Those that one of these matches.
    Some(&'a [Pattern]),
    /// All others.
    AllBut(&'a [Pattern]),
}

impl On<'_> {
    /// Whether they are all of the resources that they name: those of a pattern with variables depend on the request.
    pub(super) fn named(&self) -> Truth {
        match self {
            Self::Some(patterns) if patterns.iter().all(Pattern::has_variables) => Truth::Open,
            Self::Anything | Self::Some(_) | Self::AllBut(_) => Truth::Yes,
        }
    }

    /// Whether they are all or some of all resources.
    pub(super) fn of_all(&self) -> Truth {
        match self {
            Self::Anything => Truth::Yes,
            Self::Some(_) | Self::AllBut(_) => Truth::Open,
        }
    }

    /// Whether they are all, some or none of the resources of a pattern without variables.
    pub(super) fn covers(&self, resources: &Pattern) -> Truth {
        let named = |patterns: &[Pattern]| {
            let truths = patterns.iter().map(|pattern| compare(pattern, resources));
            truths.fold(Truth::No, Truth::or)
        };
        match self {
            Self::Anything => Truth::Yes,
            Self::Some(patterns) => named(patterns),
            Self::AllBut(patterns) => named(patterns).not(),
        }
    }
}

/// Whether a pattern matches all, some or none of the texts that another one matches, which has no variables.
fn compare(pattern: &Pattern, other: &Pattern) -> Truth {
    if pattern.has_variables() || pattern.is_short_arn() {
        let wide = widened(pattern);
        let truth = compare(&wide, other);
        return if pattern.has_variables() { truth.min(Truth::Open) } else { truth };
    }
    let (own, its) = (pattern.prefix(), other.prefix());
    if other.is_literal() || pattern.is_any() {
        return Truth::of(pattern.matches(other.text()));
    }
    if !own.starts_with(its) && !its.starts_with(own) {
        return Truth::No;
    }
    let (own, its) = (pattern.units(), other.units());
    match (units::intersect(&own, &its), units::covers(&own, &its)) {
        (false, _) => Truth::No,
        (true, false) => Truth::Open,
        (true, true) => Truth::Yes,
    }
}

/// The pattern with any text for what is not known of it: its variables, and what is missing of a short ARN.
pub(super) fn widened(pattern: &Pattern) -> Pattern {
    let mut text = pattern.text().to_owned();
    while let Some((before, rest)) = text.split_once("${")
        && let Some((_, after)) = rest.split_once('}')
    {
        text = format!("{before}*{after}");
    }
    if text.starts_with("arn:") {
        for _ in text.matches(':').count()..crate::pattern::ARN_COLONS {
            text.push_str(":*");
        }
    }
    Pattern::new(&text)
}

/// Documents on their way into sets.
pub(super) struct Reading<'r, 'a> {
    sets: &'r mut Sets<'a>,
    unmatched: &'r mut Vec<Unmatched<'a>>,
    /// Permissions that act on no resource: only `*` names them.
    resourceless: SetId,
}

impl<'r, 'a> Reading<'r, 'a> {
    pub(super) fn new(sets: &'r mut Sets<'a>, unmatched: &'r mut Vec<Unmatched<'a>>) -> Self {
        let catalog = sets.catalog();
        let set: PermissionSet = catalog.all().iter().filter(|id| catalog.acts_on(*id).is_empty()).collect();
        let resourceless = sets.intern(set);
        Self { sets, unmatched, resourceless }
    }

    pub(super) fn document(&mut self, policy: PolicyId, document: &'a Document) -> Parts<'a> {
        let mut parts = Parts::default();
        for (place, statement) in document.statements.iter().enumerate() {
            self.note_unmatched(policy, place + 1, &statement.permissions);
            let list = match statement.effect {
                Effect::Allow => &mut parts.allows,
                Effect::Deny => &mut parts.denies,
            };
            let named = self.sets.selected(&statement.permissions);
            let pairs = self.on(named, statement);
            let holds = if statement.conditions.is_empty() { Truth::Yes } else { Truth::Open };
            let told = pairs.into_iter().filter(|(permissions, _)| *permissions != SetId::EMPTY);
            list.extend(told.map(|(permissions, on)| Part { permissions, on, holds }));
        }
        parts
    }

    /// The permissions of a statement with the resources that it names for them.
    fn on(&mut self, named: SetId, statement: &'a Statement) -> [(SetId, On<'a>); 2] {
        let nothing = (SetId::EMPTY, On::Anything);
        match &statement.resources {
            // Without the element, a statement of an identity can only forbid.
            None if statement.effect == Effect::Allow => [nothing, nothing],
            None => [(named, On::Anything), nothing],
            Some(Selection::Only(patterns)) if patterns.iter().any(Pattern::is_any) => {
                [(named, On::Anything), nothing]
            }
            Some(Selection::Only(patterns)) => {
                [(self.sets.minus(named, self.resourceless), On::Some(patterns)), nothing]
            }
            Some(Selection::AllBut(patterns)) if patterns.iter().any(Pattern::is_any) => [nothing, nothing],
            Some(Selection::AllBut(patterns)) => {
                let without = self.sets.and(named, self.resourceless);
                [(without, On::Anything), (self.sets.minus(named, without), On::AllBut(patterns))]
            }
        }
    }

    fn note_unmatched(&mut self, policy: PolicyId, statement: usize, permissions: &'a Selection<Pattern>) {
        for pattern in permissions.named() {
            if self.sets.matching(pattern) == SetId::EMPTY {
                self.unmatched.push(Unmatched { policy, statement, pattern: pattern.text() });
            }
        }
    }
}
