//! Who exists: each identity with all that was told of it, in little memory, because there are many.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::identity::{Identity, IdentityKind};
use doorward_model::inventory::Seen;

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
    inventory: Option<Box<Inventory>>,
}

/// What an inventory tells of an identity; of most there is none, because only events have shown them.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
struct Inventory {
    lists: Lists,
    seen: Option<Seen>,
    gone: Option<Seen>,
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
            inventory: inventory(found, None, None),
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
        self.inventory.as_deref().map(|known| known.lists.clone()).unwrap_or_default()
    }

    /// Who says so, of those who tell of an inventory; `None` where only events have shown that it acts.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        self.inventory.as_deref().and_then(|known| known.seen)
    }

    /// Who says that it is there no more. It stays known, because what it did does.
    #[must_use]
    pub fn gone(&self) -> Option<Seen> {
        self.inventory.as_deref().and_then(|known| known.gone)
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
            seen: self.seen(),
        }
    }

    /// What is known of it after this is told of it, too; `None` when that changes nothing. What is older than what is
    /// known only fills what that leaves empty. `confirmed_at_ms` is when its account was confirmed last.
    #[must_use]
    pub fn after(&self, found: &Identity, confirmed_at_ms: i64, symbols: &mut Symbols) -> Option<Self> {
        let mut next = self.clone();
        let Some(found_seen) = found.seen else {
            next.join(found, symbols);
            return (next != *self).then_some(next);
        };
        let known_seen = self.seen().unwrap_or_default();
        let gone_at_ms = self.gone().unwrap_or_default().at_ms;
        let is_later = found_seen.at_ms >= known_seen.at_ms.max(confirmed_at_ms).max(gone_at_ms);
        if is_later {
            next.join(found, symbols);
        } else {
            next = Self::new(found, symbols);
            next.join(&self.told(), symbols);
        }
        let gone = self.gone().filter(|_| !is_later);
        next.say(self.seen(), gone);
        let is_confirmed = is_later && known_seen.is_of_event() && !found_seen.is_of_event();
        if next == *self && !is_confirmed {
            return None;
        }
        let first = [known_seen, found_seen].map(Seen::first).into_iter().filter(|at| *at != 0).min();
        let seen = if is_later { found_seen } else { known_seen };
        next.say(Some(Seen { first_at_ms: first.unwrap_or(0), ..seen }), gone);
        Some(next)
    }

    /// It is there no more.
    pub(crate) fn withdraw(&mut self, gone: Option<Seen>) {
        self.say(self.seen(), Some(gone.unwrap_or_default()));
    }

    fn say(&mut self, seen: Option<Seen>, gone: Option<Seen>) {
        let known = self.inventory.get_or_insert_default();
        (known.seen, known.gone) = (seen, gone);
    }

    /// Takes in what is told of it later. What an export has told stays where an event only guesses.
    fn join(&mut self, found: &Identity, symbols: &mut Symbols) {
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
        }
        if found.created_at_ms != 0 || found.seen.is_some() {
            self.inventory = inventory(found, self.seen(), self.gone());
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

/// What an inventory tells of an identity; what it does not say of who says so stays.
fn inventory(found: &Identity, seen: Option<Seen>, gone: Option<Seen>) -> Option<Box<Inventory>> {
    let lists =
        Lists { trusted: found.trusted.clone(), tags: found.tags.clone(), groups: found.groups.clone() };
    let found = found.seen.map(|seen| Seen { first_at_ms: seen.first(), ..seen });
    let known = Inventory { lists, seen: found.or(seen), gone };
    (known != Inventory::default()).then(|| Box::new(known))
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
                known = known.after(order[1], 0, &mut symbols).unwrap_or(known);
                assert_eq!((known.kind(), &*known.peer_group), (expected, "group:admins"), "{order:?}");
            }
        }
    }
}
