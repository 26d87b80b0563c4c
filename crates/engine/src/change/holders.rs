//! Users, roles, groups and what else holds policies: found by name, made, renamed, and gone with what they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use doorward_intake::change::{EXISTS, Holder, peers};
use doorward_model::identity::{Identity, IdentityKind};
use doorward_model::inventory::change::Effect;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{PolicyFound, Row, RowKind};
use doorward_model::inventory::{Entitlement, Group};
use doorward_model::record::Fact;
use doorward_views::control::Control;
use doorward_views::identities::KnownIdentity;
use doorward_views::symbols::Symbols;

use super::{Ledger, seen_at};

impl Ledger<'_> {
    /// Who is called so: the record tells a name without its path. Who is known to be there by this name is meant; when
    /// nobody is, the one without a path.
    pub(super) fn called(&self, arn: &str) -> String {
        let Some((prefix, name)) = arn.rsplit_once('/') else { return arn.to_owned() };
        let prefix = format!("{prefix}/");
        let is_called = |id: &str| id.rsplit('/').next() == Some(name);
        let inventory = &self.control.inventory;
        let found = if arn.contains(":group/") {
            let exact = inventory.groups.get(&[arn.to_owned()]).map(|group| group.id);
            exact.or_else(|| inventory.groups.under(&prefix).map(|group| group.id).find(|id| is_called(id)))
        } else if arn.contains(":instance-profile/") {
            Some(self.called_resource(arn))
        } else {
            let is_told = |known: &KnownIdentity| known.seen().is_some() && known.gone().is_none();
            let exact = self.control.identities.get(arn).filter(|known| is_told(known));
            let own = self.control.identities.range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded));
            let own = own.take_while(|(id, _)| id.starts_with(&prefix)).map(|(_, known)| known);
            let others = || own.filter(|known| is_told(known)).find(|known| is_called(&known.id));
            exact.or_else(others).map(|known| known.id.to_string())
        };
        found.unwrap_or_else(|| arn.to_owned())
    }

    /// The same for a resource; only instance profiles have paths.
    pub(super) fn called_resource(&self, arn: &str) -> String {
        let resources = &self.control.inventory.resources;
        if !arn.contains(":instance-profile/") || resources.get(&[arn.to_owned()]).is_some() {
            return arn.to_owned();
        }
        let Some((prefix, name)) = arn.rsplit_once('/') else { return arn.to_owned() };
        let prefix = format!("{prefix}/");
        let mut ids = resources.under(&prefix).map(|row| row.id);
        ids.find(|id| id.rsplit('/').next() == Some(name)).unwrap_or_else(|| arn.to_owned())
    }

    /// The id of a holder, which the event shows to be there; `None` when something later says that it is not, or is
    /// another one of the same name.
    pub(super) fn holder(&mut self, holder: &Holder) -> Option<String> {
        let id = self.named(holder);
        let (kind, key) = (kind_of(&id), [id.clone()]);
        if self.rows.contains_key(&(kind, key.to_vec(), String::new())) {
            return Some(id);
        }
        let changed = self.control.inventory.changes.last_at_ms(kind, &key, "");
        if changed.is_some_and(|changed| changed > self.at_ms) {
            return None;
        }
        match kind {
            RowKind::Identity => {
                let known = self.control.identities.get(id.as_str());
                if known.is_none_or(|known| known.seen().is_none() || known.gone().is_some()) {
                    self.identity(&id, EXISTS, |_| {});
                    return self.rows.contains_key(&(kind, key.to_vec(), EXISTS.to_owned())).then_some(id);
                }
            }
            RowKind::Group => {
                let groups = &self.control.inventory.groups;
                if groups.get(&key).is_none() {
                    let name = id.rsplit('/').next().unwrap_or_default().to_owned();
                    let account = self.account.to_owned();
                    let row = Group { id: id.clone(), name, account, ..Group::default() };
                    self.put(groups, row, EXISTS);
                    return self.rows.contains_key(&(kind, key.to_vec(), EXISTS.to_owned())).then_some(id);
                }
            }
            RowKind::Resource if id.contains(":instance-profile/") => {
                let (name, account) = (id.rsplit('/').next().unwrap_or_default(), self.account.to_owned());
                let kind = doorward_model::inventory::resource::INSTANCE_PROFILE.to_owned();
                let row =
                    Resource { id: id.clone(), kind, account, name: name.to_owned(), ..Resource::default() };
                self.resource(row, EXISTS, None);
            }
            _ => {}
        }
        Some(id)
    }

    /// An identity is other than it was, or there at all.
    pub(super) fn identity(&mut self, id: &str, part: &str, edit: impl FnOnce(&mut Identity)) {
        let known = self.control.identities.get(id);
        let there = known.filter(|known| known.gone().is_none());
        let key = [id.to_owned()];
        if known.and_then(|known| known.gone()).is_some_and(|gone| gone.at_ms > self.at_ms) {
            return;
        }
        let seen = there.and_then(|known| known.seen());
        let Some(at_ms) = self.standing(RowKind::Identity, &key, part, seen) else { return };
        // What is told of it as a whole is as of the latest of its parts.
        let at_ms = seen.filter(|seen| seen.is_of_event()).map_or(at_ms, |seen| seen.at_ms.max(at_ms));
        let before = self.identities.get(id).cloned();
        let told = || there.map_or_else(|| self.unknown(id), |known| known.told());
        let mut row = before.clone().unwrap_or_else(told);
        edit(&mut row);
        row.seen = seen_at(at_ms);
        let confirmed = self.control.inventory.confirmed_at_ms(RowKind::Identity, id);
        let is_other =
            || known.is_none_or(|known| known.after(&row, confirmed, &mut Symbols::new(0)).is_some());
        let changes = before.is_some_and(|before| before != row) || is_other();
        let effect = if changes { Effect::Found } else { Effect::Unchanged };
        if changes {
            self.identities.insert(id.to_owned(), row.clone());
            self.facts.push(Fact::IdentityFound(row));
        }
        self.note(RowKind::Identity, &key, part, effect);
    }

    /// Somebody of whom only the name is told.
    fn unknown(&self, id: &str) -> Identity {
        let kind = if id.contains(":role/") { IdentityKind::Workload } else { IdentityKind::Service };
        let account = id.split(':').nth(4).filter(|account| !account.is_empty()).unwrap_or(self.account);
        let mut unknown = Identity {
            id: id.to_owned(),
            kind: kind.into(),
            platform: "aws".to_owned(),
            account: account.to_owned(),
            name: id.rsplit('/').next().unwrap_or_default().to_owned(),
            ..Identity::default()
        };
        unknown.peer_group = peers(&unknown);
        unknown
    }

    /// An identity is made.
    pub(super) fn created(&mut self, mut found: Identity) {
        let id = found.id.clone();
        settle(self.control, &mut found, self.at_ms);
        self.identity(&id, "", |row| *row = found);
    }

    /// Somebody or something is there no more, and nothing that it held.
    pub(super) fn gone(&mut self, holder: &Holder) {
        let id = self.named(holder);
        let key = [id.clone()];
        let inventory = &self.control.inventory;
        for held in inventory.entitlements.of(&id) {
            self.withdraw(&inventory.entitlements, &held.key());
        }
        for own in inventory.policies.under(&format!("{id} ")) {
            self.withdraw(&inventory.policies, &own.key());
        }
        match kind_of(&id) {
            RowKind::Identity => {
                let credentials = self.control.credentials.values();
                let own: Vec<_> = credentials.filter(|credential| credential.identity == id).collect();
                for credential in own {
                    let seen = Some(credential.seen.unwrap_or_default());
                    self.withdraw_known(RowKind::Credential, &credential.key(), seen);
                }
                let known = self.control.identities.get(id.as_str()).filter(|known| known.gone().is_none());
                self.withdraw_known(
                    RowKind::Identity,
                    &key,
                    known.map(|known| known.seen().unwrap_or_default()),
                );
            }
            kind => self.row_gone(kind, &key),
        }
    }

    /// Who has another name is another row: the old one is gone, and what it held is the new one's.
    pub(super) fn renamed(&mut self, from: &Holder, name: &str, path: &str) {
        let old = self.named(from);
        let Some((start, rest)) = old.split_once('/') else { return };
        let (old_path, old_name) = rest.rsplit_once('/').unwrap_or(("", rest));
        let path = if path.is_empty() { old_path } else { path.trim_matches('/') };
        let name = if name.is_empty() { old_name } else { name };
        let slash = if path.is_empty() { "" } else { "/" };
        let new = format!("{start}/{path}{slash}{name}");
        if new == old {
            return;
        }
        let old_name = old_name.to_owned();
        self.move_holdings(&old, &new);
        if old.contains(":group/") {
            self.renamed_group((&old, &old_name), (&new, name));
            return;
        }
        let known = self.control.identities.get(old.as_str()).filter(|known| known.gone().is_none());
        let told = known.map_or_else(|| self.unknown(&old), |known| known.told());
        let row = Identity { id: new.clone(), name: name.to_owned(), seen: None, ..told };
        for credential in self.control.credentials.values().filter(|one| one.identity == old) {
            let mut moved = credential.clone();
            if let Some(kind) = credential.id.strip_suffix(&old) {
                moved.id = format!("{kind}{new}");
                let seen = Some(credential.seen.unwrap_or_default());
                self.withdraw_known(RowKind::Credential, &credential.key(), seen);
            }
            moved.identity.clone_from(&new);
            moved.seen = seen_at(self.at_ms);
            self.note(RowKind::Credential, &moved.key(), "", Effect::Found);
            self.facts.push(moved.found());
        }
        self.identity(&new, "", |found| *found = row);
        self.withdraw_known(RowKind::Identity, &[old], known.map(|known| known.seen().unwrap_or_default()));
    }

    /// What somebody holds becomes another's.
    fn move_holdings(&mut self, old: &str, new: &str) {
        let inventory = &self.control.inventory;
        for held in inventory.entitlements.of(old) {
            self.withdraw(&inventory.entitlements, &held.key());
            self.put(&inventory.entitlements, Entitlement { holder: new.to_owned(), ..held }, "");
        }
        for own in inventory.policies.under(&format!("{old} ")) {
            self.withdraw(&inventory.policies, &own.key());
            let name = own.name.replacen(old, new, 1);
            self.put(&inventory.policies, PolicyFound { name, ..own }, "");
        }
    }

    fn renamed_group(&mut self, (old, old_name): (&str, &str), (new, name): (&str, &str)) {
        let groups = &self.control.inventory.groups;
        let key = [old.to_owned()];
        let known = groups.get(&key);
        let account = self.account.to_owned();
        let told = known.unwrap_or_else(|| Group { account, ..Group::default() });
        self.put(groups, Group { id: new.to_owned(), name: name.to_owned(), ..told }, "");
        self.withdraw(groups, &key);
        if old_name == name {
            return;
        }
        let prefix = format!("{}:user/", old.split_once(":group/").map_or(old, |(account, _)| account));
        let own = self.control.identities.range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded));
        let own = own.take_while(|(id, _)| id.starts_with(&prefix)).map(|(_, known)| known);
        let is_member = |known: &KnownIdentity| {
            known.gone().is_none() && known.lists().groups.iter().any(|group| group == old_name)
        };
        let members: Vec<String> =
            own.filter(|known| is_member(known)).map(|known| known.id.to_string()).collect();
        for id in members {
            self.identity(&id, &group_part(name), |row| {
                row.groups
                    .iter_mut()
                    .filter(|group| *group == old_name)
                    .for_each(|group| name.clone_into(group));
            });
        }
    }

    pub(super) fn member(&mut self, user: &Holder, group: &str, is_member: bool) {
        if is_member {
            let of = user.id.split_once(":user/").map_or("", |(account, _)| account);
            let _ = self.holder(&Holder { id: format!("{of}:group/{group}"), is_named: true });
        }
        let Some(id) = self.holder(user) else { return };
        self.identity(&id, &group_part(group), |row| {
            row.groups.retain(|known| known != group);
            if is_member {
                row.groups.push(group.to_owned());
            }
            row.groups.sort_unstable();
        });
    }

    /// Each tag is a part of its own.
    pub(super) fn tagged(&mut self, holder: &Holder, set: BTreeMap<String, String>, unset: Vec<String>) {
        let Some(id) = self.holder(holder) else { return };
        let key = [id.clone()];
        let changes = &self.control.inventory.changes;
        let is_later = |tag: &str| {
            changes.last_at_ms(RowKind::Identity, &key, &tag_part(tag)).is_some_and(|at| at > self.at_ms)
        };
        let set: BTreeMap<String, String> = set.into_iter().filter(|(tag, _)| !is_later(tag)).collect();
        let unset: Vec<String> = unset.into_iter().filter(|tag| !is_later(tag)).collect();
        let parts: Vec<String> = set.keys().chain(&unset).map(|tag| tag_part(tag)).collect();
        let Some((first, others)) = parts.split_first() else { return };
        self.identity(&id, first, |row| {
            row.tags.extend(set);
            unset.iter().for_each(|tag| drop(row.tags.remove(tag)));
        });
        let effect = self.rows.get(&(RowKind::Identity, key.to_vec(), first.clone())).copied();
        for (part, effect) in others.iter().zip(std::iter::repeat(effect)) {
            effect.into_iter().for_each(|effect| self.note(RowKind::Identity, &key, part, effect));
        }
    }
}

/// Of what is told of an identity as of a time, puts in place of parts that events have changed later what is known of
/// them.
pub(crate) fn settle(control: &Control, found: &mut Identity, at_ms: i64) {
    let key = [found.id.clone()];
    let known = control.identities.get(found.id.as_str()).filter(|known| known.gone().is_none());
    let Some(known) = known else { return };
    let told = known.told();
    let last = |part: &str| control.inventory.changes.last_at_ms(RowKind::Identity, &key, part);
    let is_later = |part: &str| last(part).is_some_and(|last| last > at_ms);
    let tags: BTreeSet<String> = found.tags.keys().chain(told.tags.keys()).cloned().collect();
    for tag in tags.into_iter().filter(|tag| is_later(&tag_part(tag))) {
        match told.tags.get(&tag) {
            Some(value) => drop(found.tags.insert(tag, value.clone())),
            None => drop(found.tags.remove(&tag)),
        }
    }
    let is_other = |group: &String| !is_later(&group_part(group));
    if !found.groups.iter().chain(&told.groups).all(is_other) {
        found.groups.retain(is_other);
        found.groups.extend(told.groups.into_iter().filter(|group| !is_other(group)));
        found.groups.sort_unstable();
    }
    if is_later(TRUST) {
        (found.trusted, found.kind) = (told.trusted, told.kind);
    }
}

/// What a holder is, by its id.
pub(crate) fn kind_of(id: &str) -> RowKind {
    let has = |part: &str| id.contains(part);
    if has(":iam::") && (has(":user/") || has(":role/") || id.ends_with(":root")) {
        RowKind::Identity
    } else if has(":iam::") && has(":group/") {
        RowKind::Group
    } else if has(":permissionSet/") {
        RowKind::PermissionSet
    } else {
        RowKind::Resource
    }
}

fn tag_part(tag: &str) -> String {
    format!("tag:{tag}")
}

fn group_part(group: &str) -> String {
    format!("group:{group}")
}

/// The part of a holder that limits it.
pub(crate) const BOUNDARY: &str = "boundary";
/// The part of an identity that says whom it trusts.
pub(super) const TRUST: &str = "trust";
