//! What other service control policies make different. Most of it speaks of few permissions: only what needs one of these
//! is asked again.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::actor::Actor;
use crate::analysis::administrators::KERNEL;
use crate::analysis::draft::{Cause, Place};
use crate::analysis::part::Parts;
use crate::analysis::redraw::Redraw;
use crate::analysis::trust::Whom;
use crate::document::{Document, Effect, Statement};
use crate::estate::{Account, AccountId, Estate, PolicyId, PrincipalId, Touched};
use crate::graph::NodeId;

/// Of what a change of limits may change the answers.
#[derive(Debug)]
pub(super) enum Limited<'a> {
    /// Of everything: a policy that cannot be read limits everything, and so does another number of levels.
    Everything,
    /// Of what these statements name; and whether nobody can become allowed what it was not.
    Named { statements: Vec<&'a Statement>, is_narrower: bool },
}

impl Limited<'_> {
    fn names(&self, permission: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Named { statements, .. } => {
                statements.iter().any(|one| one.names(&permission.to_ascii_lowercase()))
            }
        }
    }
}

/// The accounts that are limited in another way than they were; `None` where more than that is different of an account.
pub(super) fn limited<'a>(
    (old, new): (&'a Estate, &'a Estate),
    touched: &Touched,
) -> Option<BTreeMap<AccountId, Limited<'a>>> {
    if touched.accounts {
        return None;
    }
    let used: BTreeSet<PolicyId> = new.limits().collect();
    let mut limited = BTreeMap::new();
    if !touched.organisation && touched.policies.is_disjoint(&used) {
        return Some(limited);
    }
    for (id, is) in new.accounts() {
        let was = old.account(id)?;
        let is_same = |levels: &[Vec<PolicyId>]| {
            touched.policies.is_disjoint(&levels.iter().flatten().copied().collect())
        };
        if place(was) != place(is) || !is_same(&is.resource_control) {
            return None;
        }
        if was.service_control == is.service_control && is_same(&is.service_control) {
            continue;
        }
        limited.insert(id, difference((old, &was.service_control), (new, &is.service_control)));
    }
    Some(limited)
}

/// All that tells of an account what is said of it, but for what limits its own principals.
fn place(account: &Account) -> (&[Vec<PolicyId>], [&str; 4]) {
    let Account { name, organisation, path, management, .. } = account;
    (&account.resource_control, [name, organisation, path, management])
}

/// Levels of policies, in an estate.
type Levels<'a> = (&'a Estate, &'a [Vec<PolicyId>]);

fn difference<'a>(was: Levels<'a>, is: Levels<'a>) -> Limited<'a> {
    let (mut statements, mut is_narrower) = (Vec::new(), true);
    if was.1.len() != is.1.len() {
        return Limited::Everything;
    }
    for (was, is) in was.1.iter().map(|level| (was.0, level)).zip(is.1.iter().map(|level| (is.0, level))) {
        let documents = |(estate, level): (&'a Estate, &'a Vec<PolicyId>)| -> Option<Vec<&'a Document>> {
            level.iter().map(|id| estate.policy(*id)?.document.document()).collect()
        };
        let (Some(was), Some(is)) = (documents(was), documents(is)) else { return Limited::Everything };
        for (own, other, narrows) in [(&was, &is, Effect::Allow), (&is, &was, Effect::Deny)] {
            let has = |statement: &Statement, document: &Document| {
                let alike = other.iter().filter(|other| other.version == document.version);
                alike.flat_map(|other| &other.statements).any(|other| other == statement)
            };
            let each =
                own.iter().flat_map(|document| document.statements.iter().map(move |one| (*document, one)));
            let differs = each.filter(|(document, one)| !has(one, document)).map(|(_, one)| one);
            for statement in differs {
                is_narrower &= statement.effect == narrows;
                statements.push(statement);
            }
        }
    }
    Limited::Named { statements, is_narrower }
}

impl Redraw<'_> {
    /// Takes in that the principals of some accounts are limited in another way.
    pub(super) fn limit(&mut self, limited: &BTreeMap<AccountId, Limited<'_>>) {
        for (account, limited) in limited {
            self.limit_account(*account, limited);
        }
    }

    fn limit_account(&mut self, account: AccountId, limited: &Limited<'_>) {
        let drawn = &self.drawing.drawn;
        let asking = drawn
            .methods
            .iter()
            .filter(|method| method.rule.permissions().iter().any(|permission| limited.names(permission)));
        let methods = asking.map(|method| method.part()).fold(Parts::NONE, Parts::or);
        let data = drawn.data.reached_by(|permission| limited.names(permission));
        let assume = if limited.names("sts:AssumeRole") { Parts::ASSUME } else { Parts::NONE };
        let parts = methods.or(data).or(assume);
        let administers = KERNEL.iter().any(|(permission, _)| limited.names(permission));
        // Whether a group administers the account tells as what those go on who join it.
        let joining = if administers { self.drawing.joining() } else { Parts::NONE };
        let parts = parts.or(joining);
        if matches!(limited, Limited::Named { is_narrower: true, .. }) {
            let parts = if administers { parts.or(Parts::ADMINISTER) } else { parts };
            self.narrowed.insert(account, parts);
            return;
        }
        let new = self.drawing.estate;
        let is_here = |id| new.principal(id).is_some_and(|one| one.account == account);
        // Who is named needs no permission of its own, but must not be denied any.
        let named = drawn.trust.named().filter(|_| assume != Parts::NONE).map(|id| (id, Parts::ASSUME));
        let mut scopes: Vec<(PrincipalId, Parts)> = Vec::new();
        scopes.extend(named.filter(|(id, _)| is_here(*id)));
        let direct = drawn.data.guards.named().map(|(id, kinds)| (id, kinds.and(data)));
        scopes.extend(direct.filter(|(id, kinds)| *kinds != Parts::NONE && is_here(*id)));
        let is_open = assume != Parts::NONE && drawn.trust.admitting(&Whom::Everybody).is_some();
        let whole = if administers { self.kernel_holders(account) } else { Vec::new() };
        whole.into_iter().for_each(|node| self.scope(node, Parts::ALL));
        scopes.into_iter().for_each(|(id, parts)| self.scope_actor(id, parts));
        self.make_stale(account, if is_open { parts.or(Parts::ADMINISTER) } else { parts });
    }

    /// Draws those actors again that may have lost something of what they had. Who had nothing in a part has nothing there,
    /// but who administered its account for sure may be let on by methods that an administrator does not need.
    pub(super) fn narrowed_actors(&mut self) {
        let narrowed = std::mem::take(&mut self.narrowed);
        let actors = if narrowed.is_empty() { Vec::new() } else { self.able(Parts::ADMINISTER) };
        for (node, _, account) in actors {
            let Some(parts) = narrowed.get(&account) else { continue };
            let mut held = Parts::NONE;
            let mut administers = false;
            for edge in self.base.graph.edges_from(node) {
                let cause = self.base.cause(edge.id);
                held = held.or(cause.map_or(Parts::ALL, Parts::of));
                administers |= cause == Some(Cause::Administers) && !edge.only_if;
            }
            let latent = self.base.latent(PrincipalId(node.0)).iter();
            let held = latent.map(|one| Parts::method(one.rule)).fold(held, Parts::or).and(*parts);
            if held != Parts::NONE {
                let is_whole = administers && held.meets(Parts::ADMINISTER);
                self.scopes.add(node, if is_whole { Parts::ALL } else { held });
            }
        }
    }

    /// The actors of an account that could be administrators: whether one is tells which methods are for it.
    fn kernel_holders(&self, account: AccountId) -> Vec<NodeId> {
        let (estate, drawn) = (self.drawing.estate, &self.drawing.drawn);
        let able = self.able(Parts::ADMINISTER).into_iter();
        let here = able.filter(|(_, _, own)| *own == account).map(|(node, ..)| node);
        let holds = |node: &NodeId| {
            let actor = match drawn.board.place(*node) {
                Some(Place::Principal(id)) => Actor::new(estate, *id, &drawn.masks),
                Some(Place::Variant(variant)) => Actor::variant((estate, &drawn.masks), *variant, *node),
                _ => None,
            };
            actor.is_some_and(|actor| actor.limited.holds(&drawn.kernel))
        };
        here.filter(holds).collect()
    }
}
