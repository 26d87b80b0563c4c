//! Who exists: each identity with all that was told of it, in little memory, because there are many.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::identity::{Identity, IdentityKind};

use crate::symbols::Symbols;

/// An identity that is known, with names that are shared. What a fact leaves empty stays as it was known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownIdentity {
    /// The canonical id.
    pub id: Arc<str>,
    kind: i32,
    /// The platform it lives on.
    pub platform: Arc<str>,
    /// The account it lives in.
    pub account: Arc<str>,
    /// The short name a person would say.
    pub name: Box<str>,
    /// The platform's unique id.
    pub unique_id: Box<str>,
    /// When it was made, milliseconds since the epoch; 0 when not known.
    pub created_at_ms: i64,
    /// When the platform says it was last used, milliseconds since the epoch; 0 when not known.
    pub last_used_at_ms: i64,
    /// The peer group it is compared with.
    pub peer_group: Arc<str>,
    lists: Option<Box<Lists>>,
}

/// What exports list of an identity.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Lists {
    /// Who may become it.
    pub trusted: Vec<String>,
    /// Tags as the platform holds them.
    pub tags: BTreeMap<String, String>,
    /// Groups it is a member of, by name.
    pub groups: Vec<String>,
}

impl KnownIdentity {
    /// As it is first told.
    pub(crate) fn new(found: &Identity, symbols: &mut Symbols) -> Self {
        let [id, platform, account, peer_group] =
            [&found.id, &found.platform, &found.account, &found.peer_group].map(|name| symbols.shared(name));
        Self {
            id,
            kind: found.kind,
            platform,
            account,
            name: found.name.as_str().into(),
            unique_id: found.unique_id.as_str().into(),
            created_at_ms: found.created_at_ms,
            last_used_at_ms: found.last_used_at_ms,
            peer_group,
            lists: lists(found),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> IdentityKind {
        IdentityKind::try_from(self.kind).unwrap_or(IdentityKind::External)
    }

    /// What exports list of it.
    #[must_use]
    pub fn lists(&self) -> Lists {
        self.lists.as_deref().cloned().unwrap_or_default()
    }

    /// The fact that makes all of it known.
    #[must_use]
    pub fn told(&self) -> Identity {
        let Lists { trusted, tags, groups } = self.lists();
        Identity {
            id: self.id.to_string(),
            kind: self.kind,
            platform: self.platform.to_string(),
            account: self.account.to_string(),
            name: self.name.to_string(),
            unique_id: self.unique_id.to_string(),
            created_at_ms: self.created_at_ms,
            last_used_at_ms: self.last_used_at_ms,
            trusted,
            tags,
            groups,
            peer_group: self.peer_group.to_string(),
            ..Identity::default()
        }
    }

    /// Takes in what else is told of it. What an export has told stays where an event only guesses.
    pub(crate) fn fold(&mut self, found: &Identity, symbols: &mut Symbols) {
        if self.is_told_better_by(found) {
            self.kind = found.kind;
        }
        let guessed = self.created_at_ms != 0 && found.created_at_ms == 0;
        if !found.peer_group.is_empty() && !guessed {
            self.peer_group = symbols.shared(&found.peer_group);
        }
        let places = [(&mut self.platform, &found.platform), (&mut self.account, &found.account)];
        for (known, found) in places.into_iter().filter(|(_, found)| !found.is_empty()) {
            *known = symbols.shared(found);
        }
        let own = [(&mut self.name, &found.name), (&mut self.unique_id, &found.unique_id)];
        for (known, found) in own.into_iter().filter(|(_, found)| !found.is_empty()) {
            *known = found.as_str().into();
        }
        self.last_used_at_ms = self.last_used_at_ms.max(found.last_used_at_ms);
        if found.created_at_ms != 0 {
            self.created_at_ms = found.created_at_ms;
            self.lists = lists(found);
        }
    }

    /// Whether it is what this says. An event shows that a role works, and that somebody uses a key: that the role is an
    /// agent's or a vendor's, and the user a person, somebody else has told.
    fn is_told_better_by(&self, found: &Identity) -> bool {
        match found.kind() {
            IdentityKind::External => false,
            IdentityKind::Service => self.kind() != IdentityKind::Human,
            IdentityKind::Workload => {
                let by_event = found.created_at_ms == 0;
                !by_event || !matches!(self.kind(), IdentityKind::Agent | IdentityKind::VendorApp)
            }
            IdentityKind::Human | IdentityKind::Agent | IdentityKind::VendorApp => true,
        }
    }
}

/// What is listed of an identity; nothing for most, whom only events have shown.
fn lists(found: &Identity) -> Option<Box<Lists>> {
    let Identity { trusted, tags, groups, .. } = found;
    let empty = trusted.is_empty() && tags.is_empty() && groups.is_empty();
    let lists = || Lists { trusted: trusted.clone(), tags: tags.clone(), groups: groups.clone() };
    (!empty).then(|| Box::new(lists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: IdentityKind, peer_group: &str, created_at_ms: i64) -> Identity {
        let peer_group = peer_group.to_owned();
        Identity { id: "u".into(), kind: kind.into(), peer_group, created_at_ms, ..Identity::default() }
    }

    #[test]
    fn what_an_export_says_of_a_user_stays_whatever_events_show_before_and_after() {
        let (human, service) = (IdentityKind::Human, IdentityKind::Service);
        for (exported, shown, expected) in [
            (human, service, human),
            (service, human, human),
            (service, service, service),
            (human, human, human),
        ] {
            let export = told(exported, "group:admins", 7);
            let event = told(shown, "user:u", 0);
            for order in [[&export, &event], [&event, &export]] {
                let mut symbols = Symbols::new(1);
                let mut known = KnownIdentity::new(order[0], &mut symbols);
                known.fold(order[1], &mut symbols);
                assert_eq!((known.kind(), &*known.peer_group), (expected, "group:admins"), "{order:?}");
            }
        }
    }
}
