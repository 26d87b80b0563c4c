//! The one writer of snapshots: a working copy that is edited in place and published as shared clones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use doorward_model::hold::{Hold, HoldScope};
use doorward_model::id::FactNumber;
use doorward_model::identity::IdentityKind;
use doorward_model::risk::Risk;

use crate::snapshot::attribute::Record;
use crate::snapshot::entity::{Entity, EntityIx, Name};
use crate::snapshot::{Hot, KillEpoch, Snapshot, revocation_key};

/// Edits the working copy and publishes it.
#[derive(Debug)]
pub struct Writer {
    work: Snapshot,
    children: BTreeMap<EntityIx, BTreeSet<EntityIx>>,
    current: Arc<Snapshot>,
    replaced: VecDeque<Arc<Snapshot>>,
    /// Types, accounts and names of attributes: a few words in many entities, each kept once.
    words: BTreeSet<Arc<str>>,
}

/// What is told of an entity; it replaces what was told before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntityRow {
    /// Its type and id.
    pub name: Name,
    /// What it is, when it is an identity.
    pub identity: Option<IdentityKind>,
    /// The account it lives in.
    pub account: Arc<str>,
    /// Its attributes.
    pub attributes: Record,
    /// Its tags.
    pub tags: Record,
    /// What it is a direct member of; unknown ones are named but not known.
    pub parents: Vec<Name>,
    /// Its other names.
    pub aliases: Vec<Name>,
}

/// An entity cannot be a member of itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}::{:?} would be a member of itself through {}::{:?}", child.kind, child.id, parent.kind, parent.id)]
pub struct Cycle {
    /// The entity.
    pub child: Name,
    /// The parent that is one of its members already.
    pub parent: Name,
}

/// How many replaced snapshots wait for their readers at most; a reader that holds on for longer frees its own.
const REPLACED_MAX: usize = 1_024;

impl Writer {
    /// A writer of nothing yet; the seed is of the maps' hashes and reaches no answer.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let work = Snapshot::empty(seed);
        let current = Arc::new(work.clone());
        Self { work, children: BTreeMap::new(), current, replaced: VecDeque::new(), words: BTreeSet::new() }
    }

    /// The working copy: what will be published next.
    #[must_use]
    pub const fn work(&self) -> &Snapshot {
        &self.work
    }

    /// Publishes the working copy as of a fact, and frees replaced snapshots that nobody reads any more.
    pub fn publish(&mut self, fact_number: FactNumber) -> Arc<Snapshot> {
        self.work.fact_number = fact_number;
        let next = Arc::new(self.work.clone());
        self.replaced.push_back(std::mem::replace(&mut self.current, Arc::clone(&next)));
        // One that only we hold can get no new reader.
        self.replaced.retain(|snapshot| Arc::strong_count(snapshot) > 1);
        if self.replaced.len() > REPLACED_MAX {
            self.replaced.pop_front();
        }
        next
    }

    /// How many replaced snapshots still wait for their readers.
    #[must_use]
    pub fn replaced(&self) -> usize {
        self.replaced.len()
    }

    /// The index of a name, which is handed out when there is none yet.
    pub fn intern(&mut self, name: &Name) -> EntityIx {
        if let Some(ix) = self.work.find(&name.kind, &name.id) {
            return ix;
        }
        let ix = EntityIx(u32::try_from(self.work.len()).unwrap_or(u32::MAX));
        let name = Name { kind: self.word(&name.kind), id: Arc::clone(&name.id) };
        let entity = Entity { name: name.clone(), ancestors: [ix].into(), ..Entity::default() };
        self.work.cold.push(Arc::new(entity));
        self.work.hot.push(Hot::default());
        self.work.names.add_own(&name, ix);
        ix
    }

    /// Tells all of an entity, and carries a change of its parents to all its members.
    ///
    /// # Errors
    /// [`Cycle`] when a parent is a member of it already; nothing is changed then.
    pub fn put_entity(&mut self, row: EntityRow) -> Result<EntityIx, Cycle> {
        let ix = self.intern(&row.name);
        let mut parents: Vec<_> = row.parents.iter().map(|name| self.intern(name)).collect();
        parents.sort_unstable();
        parents.dedup();
        self.check_acyclic(ix, &parents)?;
        let moved = self.work.entity(ix).is_none_or(|entity| *entity.parents != *parents);
        let before = self.work.entity(ix).map(|entity| Arc::clone(&entity.parents)).unwrap_or_default();
        let account = self.word(&row.account);
        let [attributes, tags] = [&row.attributes, &row.tags].map(|record| self.worded(record));
        self.edit(ix, |entity| {
            entity.known = true;
            entity.identity = row.identity;
            entity.account = account;
            entity.attributes = attributes;
            entity.tags = tags;
            entity.parents = parents.clone().into();
        });
        for alias in row.aliases {
            self.work.names.set_alias(alias, ix);
        }
        if row.identity.is_some() {
            self.name_identity(&row.name.id, ix);
        }
        if moved {
            self.adopt(ix, &before, &parents);
            self.flatten(ix);
        }
        Ok(ix)
    }

    /// Gives an entity another name, which may have been another's.
    pub fn set_alias(&mut self, alias: Name, ix: EntityIx) {
        self.work.names.set_alias(alias, ix);
    }

    /// Sets the risk of an identity.
    pub fn set_risk(&mut self, ix: EntityIx, risk: Risk) {
        self.edit_hot(ix, |hot| hot.risk = risk);
    }

    /// Sets up to when all sessions of an identity are ended.
    pub fn set_kill_epoch(&mut self, ix: EntityIx, epoch: KillEpoch) {
        self.edit_hot(ix, |hot| hot.kill_epoch = epoch);
    }

    /// Sets how many grants are open for an identity.
    pub fn set_grants(&mut self, ix: EntityIx, open: u16) {
        self.edit_hot(ix, |hot| hot.grants = open);
    }

    /// Places a hold, or replaces the one of the same id.
    pub fn place_hold(&mut self, hold: Hold) {
        self.release_hold(hold.scope(), &hold.subject, &hold.id);
        let key = self.work.holds.key(&[hold.scope().word(), &hold.subject]);
        let (scope, subject) = (hold.scope(), hold.subject.clone());
        self.work.holds.add(key, Arc::new(hold));
        self.count_holds(scope, &subject, 1);
    }

    /// Releases a hold, and says whether there was one.
    pub fn release_hold(&mut self, scope: HoldScope, subject: &str, id: &str) -> bool {
        let key = self.work.holds.key(&[scope.word(), subject]);
        let is = |hold: &Arc<Hold>| hold.id == id && hold.scope() == scope && hold.subject == subject;
        let removed = self.work.holds.remove(key, is);
        self.count_holds(scope, subject, -i16::try_from(removed).unwrap_or(i16::MAX));
        removed > 0
    }

    /// Revokes a session or credential by its id.
    pub fn revoke(&mut self, id: &str) {
        if !self.work.is_revoked(id) {
            self.work.revoked.add(revocation_key(id), ());
        }
    }

    /// Forgets that a credential was revoked.
    pub fn forget_revoked(&mut self, id: &str) {
        self.work.revoked.remove(revocation_key(id), |()| true);
    }

    fn count_holds(&mut self, scope: HoldScope, subject: &str, change: i16) {
        if scope != HoldScope::Identity {
            self.work.other_holds = self.work.other_holds.saturating_add_signed(change.into());
            return;
        }
        let identities: Vec<_> = self.work.find_identities(subject).collect();
        for ix in identities {
            self.recount_holds(subject, ix);
        }
    }

    fn recount_holds(&mut self, identity: &str, ix: EntityIx) {
        let count = self.work.holds(HoldScope::Identity, identity).count();
        self.edit_hot(ix, |hot| hot.holds = u16::try_from(count).unwrap_or(u16::MAX));
    }

    /// A hold may have been placed before its identity was found.
    fn name_identity(&mut self, id: &Arc<str>, ix: EntityIx) {
        if !self.work.find_identities(id).any(|known| known == ix) {
            self.work.names.add_identity(id, ix);
            self.recount_holds(id, ix);
        }
    }

    /// The one copy of a word.
    fn word(&mut self, text: &Arc<str>) -> Arc<str> {
        match self.words.get(text) {
            Some(word) => Arc::clone(word),
            None => {
                self.words.insert(Arc::clone(text));
                Arc::clone(text)
            }
        }
    }

    fn worded(&mut self, record: &Record) -> Record {
        record.iter().map(|(name, value)| (self.word(name), value.clone())).collect()
    }

    fn edit(&mut self, ix: EntityIx, change: impl FnOnce(&mut Entity)) {
        if let Some(entity) = self.work.cold.get_mut(ix.slot()) {
            change(Arc::make_mut(entity));
        }
    }

    fn edit_hot(&mut self, ix: EntityIx, change: impl FnOnce(&mut Hot)) {
        if let Some(hot) = self.work.hot.get_mut(ix.slot()) {
            change(hot);
        }
    }

    fn check_acyclic(&self, ix: EntityIx, parents: &[EntityIx]) -> Result<(), Cycle> {
        let name = |ix| self.work.entity(ix).map(|entity| entity.name.clone()).unwrap_or_default();
        let is_member = |parent: &EntityIx| {
            self.work.entity(*parent).is_some_and(|entity| entity.ancestors.binary_search(&ix).is_ok())
        };
        match parents.iter().find(|parent| is_member(parent)) {
            Some(parent) => Err(Cycle { child: name(ix), parent: name(*parent) }),
            None => Ok(()),
        }
    }

    fn adopt(&mut self, child: EntityIx, before: &[EntityIx], after: &[EntityIx]) {
        for parent in before {
            self.children.entry(*parent).or_default().remove(&child);
        }
        for parent in after {
            self.children.entry(*parent).or_default().insert(child);
        }
    }

    /// Writes the ancestors of an entity and of its members anew. Members whose ancestors stay are not followed.
    fn flatten(&mut self, from: EntityIx) {
        let mut open = VecDeque::from([from]);
        while let Some(ix) = open.pop_front() {
            let parents = self.work.entity(ix).map(|entity| Arc::clone(&entity.parents)).unwrap_or_default();
            let above = parents.iter().filter_map(|parent| self.work.entity(*parent));
            let ancestors: BTreeSet<_> =
                above.flat_map(|parent| parent.ancestors.iter().copied()).chain([ix]).collect();
            if self.work.entity(ix).is_some_and(|entity| entity.ancestors.iter().eq(&ancestors)) {
                continue;
            }
            self.edit(ix, |entity| entity.ancestors = ancestors.into_iter().collect());
            open.extend(self.children.get(&ix).into_iter().flatten().copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use doorward_model::finding::Severity;
    use doorward_model::hold::{Hold, HoldProfile, HoldScope};
    use doorward_model::id::FactNumber;
    use doorward_model::identity::IdentityKind;
    use doorward_model::risk::Risk;
    use doorward_model::time::Time;
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::{Cycle, EntityRow, Writer};
    use crate::snapshot::entity::{EntityIx, Name};
    use crate::snapshot::{KillEpoch, Snapshot};

    fn name(number: u8) -> Name {
        Name::new("group", &number.to_string())
    }

    fn row(number: u8, parents: &[u8]) -> EntityRow {
        let parents = parents.iter().copied().map(name).collect();
        EntityRow { name: name(number), parents, ..EntityRow::default() }
    }

    fn ancestors(snapshot: &Snapshot, of: &Name) -> BTreeSet<Name> {
        let entity = snapshot.find(&of.kind, &of.id).and_then(|ix| snapshot.entity(ix)).unwrap();
        entity.ancestors.iter().map(|ix| snapshot.entity(*ix).unwrap().name.clone()).collect()
    }

    /// What is reached by walking up from parent to parent.
    fn reached(parents: &[Vec<u8>], from: u8) -> BTreeSet<Name> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(number) = open.pop() {
            if seen.insert(name(number)) {
                open.extend(&parents[usize::from(number)]);
            }
        }
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn ancestors_are_what_parents_lead_to_and_old_snapshots_stay(
            moves in vec((0_u8..12, vec(0_u8..12, 0..3)), 0..60),
        ) {
            let mut writer = Writer::new(1);
            let mut parents = vec![Vec::new(); 12];
            (0..12).for_each(|number| assert_eq!(writer.put_entity(row(number, &[])), Ok(EntityIx(number.into()))));
            let mut published = Vec::new();
            for (at, (child, of)) in moves.into_iter().enumerate() {
                let circular = of.iter().any(|parent| reached(&parents, *parent).contains(&name(child)));
                prop_assert_eq!(writer.put_entity(row(child, &of)).is_err(), circular);
                if !circular {
                    parents[usize::from(child)] = of;
                }
                if at % 7 == 0 {
                    published.push((writer.publish(FactNumber(at as u64)), parents.clone()));
                }
            }
            published.push((writer.publish(FactNumber(99)), parents));
            for (snapshot, parents) in published {
                for number in 0..12 {
                    prop_assert_eq!(ancestors(&snapshot, &name(number)), reached(&parents, number));
                }
            }
        }
    }

    #[test]
    fn a_cycle_is_refused_by_name_and_changes_nothing() {
        let mut writer = Writer::new(1);
        writer.put_entity(row(1, &[2])).unwrap();
        assert_eq!(writer.put_entity(row(2, &[3, 1])), Err(Cycle { child: name(2), parent: name(1) }));
        assert_eq!(ancestors(writer.work(), &name(2)), BTreeSet::from([name(2)]));
        let known = |number| writer.work().entity(EntityIx(number)).map(|entity| entity.known);
        assert_eq!([known(0), known(1), known(2), known(3)], [Some(true), Some(false), Some(false), None]);
    }

    #[test]
    fn names_and_aliases_lead_to_one_entity_and_an_alias_can_move() {
        let mut writer = Writer::new(1);
        let mut put = |id: &str, alias: &str| {
            let alias = Name::new("login", alias);
            let row = EntityRow {
                name: Name::new("user", id),
                identity: Some(IdentityKind::Human),
                aliases: vec![alias],
                ..EntityRow::default()
            };
            writer.put_entity(row).unwrap()
        };
        let (ann, ben) = (put("ann", "a"), put("ben", "b"));
        let before = writer.publish(FactNumber(1));
        writer.set_alias(Name::new("login", "a"), ben);
        let after = writer.publish(FactNumber(2));
        let found = |snapshot: &Snapshot| {
            [("user", "ann"), ("login", "a"), ("login", "b"), ("user", "a"), ("login", "ann")]
                .map(|(kind, id)| snapshot.find(kind, id))
        };
        assert_eq!(found(&before), [Some(ann), Some(ann), Some(ben), None, None]);
        assert_eq!(found(&after), [Some(ann), Some(ben), Some(ben), None, None]);
        assert_eq!(after.find_identities("ann").collect::<Vec<_>>(), [ann]);
    }

    #[test]
    fn hot_facts_show_in_the_next_snapshot_only() {
        let mut writer = Writer::new(1);
        let row = EntityRow {
            name: Name::new("user", "ann"),
            identity: Some(IdentityKind::Human),
            ..EntityRow::default()
        };
        let ann = writer.put_entity(row).unwrap();
        let before = writer.publish(FactNumber(1));
        let at = Time::from_ms(1_000);
        let risk = Risk::of_finding(Severity::High, 1_000, at);
        let hold = Hold { id: "h".to_owned(), subject: "ann".to_owned(), ..Hold::default() };
        writer.set_risk(ann, risk);
        writer.set_kill_epoch(ann, KillEpoch::at(at));
        writer.place_hold(hold.clone());
        writer.place_hold(Hold { profile: HoldProfile::StepUp.into(), ..hold });
        writer.set_grants(ann, 2);
        writer.revoke("key");
        let after = writer.publish(FactNumber(2));
        let hot = after.hot(ann);
        assert_eq!((hot.risk, hot.kill_epoch, hot.holds, hot.grants), (risk, KillEpoch::at(at), 1, 2));
        assert_eq!(
            (before.hot(ann), before.is_revoked("key"), after.is_revoked("key")),
            (super::Hot::default(), false, true)
        );
        let profiles = |snapshot: &Snapshot| -> Vec<_> {
            snapshot.holds(HoldScope::Identity, "ann").map(|hold| hold.profile()).collect()
        };
        assert_eq!((profiles(&before), profiles(&after)), (vec![], vec![HoldProfile::StepUp]));
        assert!(writer.release_hold(HoldScope::Identity, "ann", "h"));
        assert_eq!((writer.work().hot(ann).holds, after.hot(ann).holds), (0, 1));
    }

    #[test]
    fn a_kill_epoch_ends_what_began_before_or_does_not_say() {
        let kill = KillEpoch::at(Time::from_ms(5));
        let ends = |kill: KillEpoch| [None, Some(5), Some(6)].map(|at| kill.ends(at.map(Time::from_ms)));
        assert_eq!((ends(kill), ends(KillEpoch::default())), ([true, true, false], [false; 3]));
    }

    #[test]
    fn replaced_snapshots_wait_for_their_readers() {
        let mut writer = Writer::new(1);
        let pinned = writer.publish(FactNumber(1));
        (2..50).for_each(|number| drop(writer.publish(FactNumber(number))));
        assert_eq!((writer.replaced(), Arc::strong_count(&pinned)), (1, 2));
        drop(pinned);
        drop(writer.publish(FactNumber(50)));
        assert_eq!(writer.replaced(), 0);
    }
}
