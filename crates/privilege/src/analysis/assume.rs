//! Who may assume which role.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::analysis::Drawing;
use crate::analysis::alike::Found;
use crate::analysis::draft::{Board, Cause, Place, PoolKey, Variant};
use crate::analysis::part::Parts;
use crate::analysis::pools::Member;
use crate::analysis::question::Acting;
use crate::analysis::trust::{Class, Whom};
use crate::estate::{AccountId, PrincipalId};
use crate::graph::NodeId;
use crate::targets::{Certainty, Extent, Pool};

/// In which accounts roles are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Where {
    /// In all.
    Anywhere,
    /// In all but the actor's own.
    Elsewhere,
}

/// The roles that an actor may assume.
#[derive(Debug, Default)]
pub(super) struct Assumable {
    roles: BTreeMap<PrincipalId, Certainty>,
    /// All roles of these.
    pools: Vec<(Arc<Pool<Member>>, Certainty)>,
    /// Those that others may assume as well.
    shared: Option<Rc<Self>>,
    /// Its own, once they are asked for.
    each: OnceCell<Vec<(Member, Certainty)>>,
    /// A number of its own; 0 where there is none.
    number: u32,
}

impl Assumable {
    fn add(&mut self, role: PrincipalId, sure: Certainty) {
        let known = self.roles.entry(role).or_insert(sure);
        *known = sure.max(*known);
    }

    /// Its number: equal numbers mean the same roles.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    fn add_member(&mut self, member: Member, sure: Certainty) {
        if let Member::Principal(role) = member {
            self.add(role, sure);
        }
    }

    /// Those that are members of a pool, with how sure each is, in order.
    pub(super) fn among(&self, pool: &Pool<Member>) -> Vec<(Member, Certainty)> {
        let is_in = |(member, _): &(Member, Certainty)| pool.has(*member);
        let Some(shared) = &self.shared else {
            return self.each().iter().copied().filter(is_in).collect();
        };
        let mut all = shared.among(pool);
        for (member, sure) in self.single().filter(is_in) {
            match all.binary_search_by_key(&member, |(known, _)| *known) {
                Ok(at) => all.get_mut(at).into_iter().for_each(|(_, known)| *known = sure.max(*known)),
                Err(at) => all.insert(at, (member, sure)),
            }
        }
        all
    }

    fn single(&self) -> impl Iterator<Item = (Member, Certainty)> {
        self.roles.iter().map(|(role, sure)| (Member::Principal(*role), *sure))
    }

    /// Each of its own, with how sure it is, in order.
    fn each(&self) -> &[(Member, Certainty)] {
        self.each.get_or_init(|| {
            let pooled = self.pools.iter().flat_map(|(pool, sure)| pool.each(Extent::All(*sure)));
            let mut all: Vec<(Member, Certainty)> = pooled.chain(self.single()).collect();
            all.sort_unstable();
            // The surest of each comes last.
            all.dedup_by(|later, kept| {
                later.0 == kept.0 && {
                    kept.1 = later.1;
                    true
                }
            });
            all
        })
    }
}

/// Roles of some accounts, by the trust policy that they share.
type Classes = [(PoolKey, Arc<Class>)];

impl Drawing<'_> {
    /// Draws which roles an actor may assume, and gives them.
    pub(super) fn assume(&mut self, acting: &Acting<'_>, place: Where) -> Rc<Assumable> {
        let own = acting.actor.account;
        let counts = |account: AccountId| place == Where::Anywhere || account != own;
        let classes = |whom: Whom| {
            let classes = self.drawn.trust.admitting(&whom).cloned().unwrap_or_default();
            classes
                .iter()
                .filter(|(key, _)| counts(key.account))
                .map(|(key, (class, _))| (key.clone(), Arc::clone(class)))
                .collect::<Vec<_>>()
        };
        // Who stands for others is let in as all of them are.
        let stands_for_others = matches!(acting.actor.variant, Some(Variant::AnyPolicy(id))
            if self.drawn.bounds.is_like_others(id));
        let direct = Some(acting.actor.principal).filter(|_| !stands_for_others);
        let direct = direct.map(|id| classes(Whom::Principal(id))).unwrap_or_default();
        let everybody = classes(Whom::Everybody);
        let allowed = acting.actor.limited.holds(&self.drawn.assume_mask);
        let by_account = if allowed { classes(Whom::Account(own)) } else { Vec::new() };
        let common: Vec<_> = by_account.into_iter().chain(everybody).collect();
        let is_shared = common.iter().all(|(_, class)| !class.is_personal);
        let part = (Parts::ASSUME, &self.drawn.assume_mask);
        let question = if is_shared { self.question(acting, part, place as u32) } else { None };
        let found = self.alike((acting.actor.node, question), |drawing| {
            let assumable = Rc::new(drawing.assume_by_account(acting, &common));
            (Found { assumable: Some(assumable), ..Found::default() }, true)
        });
        let shared = found.assumable.unwrap_or_default();
        if direct.is_empty() { shared } else { Rc::new(self.assume_by_name(acting, &direct, shared)) }
    }

    /// Draws which roles an actor may assume that let it in by its own name.
    fn assume_by_name(&mut self, acting: &Acting<'_>, direct: &Classes, shared: Rc<Assumable>) -> Assumable {
        let number = self.alike.number();
        let mut assumable = Assumable { number, shared: Some(shared), ..Assumable::default() };
        for (_, member) in direct.iter().flat_map(|(_, class)| class.pool.members()) {
            if let Member::Principal(role) = member
                && let Some(sure) = acting.may_assume(&self.assuming, *role)
            {
                self.lead(acting.actor.node, Board::principal(*role), (sure, Cause::Assume));
                assumable.add(*role, sure);
            }
        }
        assumable
    }

    /// Draws which roles an actor may assume that let in its account, or everybody.
    fn assume_by_account(&mut self, acting: &Acting<'_>, common: &Classes) -> Assumable {
        let mut assumable = Assumable { number: self.alike.number(), ..Assumable::default() };
        if common.is_empty() {
            return assumable;
        }
        let said = acting.said(&self.assuming.permission);
        for (key, class) in common {
            let pool = &class.pool;
            let matches = self.matches.entry(key.clone()).or_default();
            let extent = pool.extent(&said, matches, &mut |_, member| match member {
                Member::Principal(role) => acting.may_assume(&self.assuming, role),
                Member::Resource(_) => None,
            });
            match extent {
                Extent::All(sure) => {
                    let node = self.pool_node(key.clone(), pool);
                    self.lead(acting.actor.node, node, (sure, Cause::Assume));
                    assumable.pools.push((Arc::clone(pool), sure));
                }
                Extent::Some(members) => {
                    let targets: Vec<_> =
                        members.iter().map(|(member, sure)| (self.node_of(*member), *sure)).collect();
                    self.lead_to_some((acting.actor.node, key.account), &targets, Cause::Assume);
                    members.into_iter().for_each(|(member, sure)| assumable.add_member(member, sure));
                }
            }
        }
        assumable
    }

    /// Draws to whom somebody is let in from outside, or whoever controls a provider of identities; and who else somebody
    /// outside is at the same time.
    pub(super) fn let_in(&mut self, name: &Arc<str>) {
        self.let_in_to_data(name, |drawing| drawing.outside(name));
        let is_known = self.estate.find_resource(name).is_some();
        let provider = is_known.then(|| Whom::Provider(Arc::clone(name)));
        for whom in std::iter::once(Whom::Outside(Arc::clone(name))).chain(provider) {
            let Some(classes) = self.drawn.trust.admitting(&whom).cloned() else { continue };
            let from = self.outside(name);
            for (key, (class, sure)) in &*classes {
                let mut members = class.pool.members();
                let to = match (members.next(), members.next()) {
                    (Some((_, member)), None) => self.node_of(*member),
                    _ => self.pool_node(key.clone(), &class.pool),
                };
                self.lead(from, to, (*sure, Cause::Assume));
            }
        }
        if let Some(subject) = self.drawn.trust.subjects.find(name).cloned() {
            let from = self.outside(name);
            for other in self.drawn.trust.subjects.covering(&subject) {
                let to = self.outside(&other.name);
                self.lead(from, to, (Certainty::Certain, Cause::Member));
            }
        }
    }

    /// The node of somebody outside.
    fn outside(&mut self, name: &str) -> NodeId {
        let known = self.estate.find_resource(name).map(|place| self.drawn.board.resource(place));
        known.unwrap_or_else(|| self.drawn.board.at(Place::Outside(name.into())).0)
    }
}
