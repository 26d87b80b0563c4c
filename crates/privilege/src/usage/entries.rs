//! By which ways roles were entered: who assumed each, as far as logs tell.
//!
//! A log does not name everybody: of another account it knows the number alone, and of those who come by the word of an
//! issuer nothing. What it shows is taken for one way only where no other way into the role would look the same.

use std::collections::BTreeMap;

use doorward_model::usage::Span;

use super::Usage;
use super::record::Records;
use super::step::StepAnswer;
use super::who::Who;
use crate::analysis::{Whom, services, vouches};
use crate::atlas::Atlas;
use crate::estate::{PrincipalId, PrincipalKind};

/// How roles were entered.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    atlas: &'a Atlas,
    usage: &'a Usage,
    pub(super) who: Who<'a>,
    pub(super) records: Records<'a>,
    /// Who assumed each role.
    seen: BTreeMap<PrincipalId, BTreeMap<By<'a>, Span>>,
    /// Who assumed more roles than are kept.
    partial: Vec<By<'a>>,
}

/// Who a log says that came in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum By<'a> {
    /// Somebody of the inventory.
    Principal(PrincipalId),
    /// Somebody of an account of which no more is told.
    Account(&'a str),
    /// An identity that no inventory knows, by its ARN.
    Stranger(&'a str),
    /// Somebody for whom an issuer of this name vouches.
    Vouched(&'a str),
    /// A service of AWS.
    Service(&'a str),
    /// Nobody is named, but the role was active.
    Somebody,
}

/// A way into a role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Way<'a> {
    /// A principal of the inventory.
    Principal(PrincipalId),
    /// Whoever an account lets, by its number.
    Account(&'a str),
    /// Everybody in the accounts that are known.
    Everybody,
    /// Everybody else.
    Anyone,
    /// An identity that no inventory knows, by its ARN.
    Stranger(&'a str),
    /// Somebody for whom an issuer vouches.
    Subject(&'a str),
    /// Anybody for whom this provider vouches.
    Provider(&'a str),
    /// A service of AWS.
    Service(&'a str),
}

/// Whether somebody came by a way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fit {
    No,
    /// Or by another that looks the same.
    Maybe,
    Yes,
}

impl<'a> Entries<'a> {
    pub(super) fn new(atlas: &'a Atlas, usage: &'a Usage) -> Self {
        let who = Who::new(&atlas.estate);
        let records = Records::new(usage, &atlas.estate, &who);
        let (mut seen, mut partial) = (BTreeMap::new(), Vec::new());
        for (name, action, used) in usage.ledger.uses().filter(|(_, action, _)| ASSUMING.contains(action)) {
            let Some(by) = By::of(name, action, (&who, atlas)) else { continue };
            for (role, span) in &used.on {
                let Some(role) = who.principal(role) else { continue };
                let known: &mut BTreeMap<By<'a>, Span> = seen.entry(role).or_default();
                known.entry(by).and_modify(|known| *known = known.join(*span)).or_insert(*span);
            }
            if used.not_kept() > 0 {
                partial.push(by);
            }
        }
        Self { atlas, usage, who, records, seen, partial }
    }

    /// The ways into a role, in order: whom its trust policy lets in.
    pub(super) fn ways(&self, role: PrincipalId) -> Vec<Way<'a>> {
        let atlas = self.atlas;
        let Some(principal) = atlas.estate.principal(role) else { return Vec::new() };
        let let_in = atlas.analysis.let_into(&atlas.estate, principal);
        let mut ways: Vec<Way<'a>> = let_in.filter_map(|whom| self.way(whom)).collect();
        ways.extend(services(&atlas.estate, principal).into_iter().map(Way::Service));
        ways.sort_unstable();
        ways.dedup();
        ways
    }

    fn way(&self, whom: &'a Whom) -> Option<Way<'a>> {
        let number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        Some(match whom {
            Whom::Principal(id) => Way::Principal(*id),
            Whom::Account(id) => Way::Account(&self.atlas.estate.account(*id)?.id),
            Whom::Everybody => Way::Everybody,
            Whom::Outside(name) if self.atlas.analysis.is_vouched_for(name) => Way::Subject(name),
            Whom::Outside(name) if &**name == "*" => Way::Anyone,
            Whom::Outside(name) if number(name) => Way::Account(name),
            // The unique id that is left of somebody who was deleted lets nobody in.
            Whom::Outside(name) => Some(Way::Stranger(name)).filter(|_| name.starts_with("arn:"))?,
            // Who controls it is any of those for whom it vouches, and they are told one by one.
            Whom::Provider(_) => return None,
        })
    }

    /// How somebody outside came into a role, by the name: also whoever controls a provider of identities.
    pub(super) fn of_outsider(&self, role: PrincipalId, name: &str) -> StepAnswer {
        let ways = self.ways(role);
        let is_provider = Way::Provider(name);
        let is_meant = |way: &&Way<'_>| match way {
            Way::Account(own) | Way::Stranger(own) | Way::Subject(own) => *own == name,
            Way::Anyone => name == "*",
            Way::Principal(_) | Way::Everybody | Way::Provider(_) | Way::Service(_) => false,
        };
        self.taken(role, ways.iter().find(is_meant).unwrap_or(&is_provider), &ways)
    }

    /// How a role was entered by one of its ways.
    pub(super) fn taken(&self, role: PrincipalId, way: &Way<'_>, ways: &[Way<'_>]) -> StepAnswer {
        let (mut sure, mut is_open) = (None::<Span>, !self.would_show(role, way));
        for (by, span) in self.of(role) {
            let only = || ways.iter().filter(|way| self.fit(by, way) != Fit::No).count() == 1;
            match self.fit(by, way) {
                Fit::Yes => sure = Some(sure.map_or(span, |known| known.join(span))),
                Fit::Maybe if only() => sure = Some(sure.map_or(span, |known| known.join(span))),
                Fit::Maybe => is_open = true,
                Fit::No => {}
            }
        }
        is_open |= self.partial.iter().any(|by| self.fit(*by, way) != Fit::No);
        StepAnswer::told(sure, is_open)
    }

    /// How a role was entered by any of its ways.
    pub(super) fn entered(&self, role: PrincipalId, ways: &[Way<'_>]) -> StepAnswer {
        let is_partial = self.partial.iter().any(|by| ways.iter().any(|way| self.fit(*by, way) != Fit::No));
        let is_open = is_partial || !self.is_entry_logged(role);
        StepAnswer::told(self.of(role).map(|(_, span)| span).reduce(Span::join), is_open)
    }

    /// Who entered a role; somebody, where only what the role did is known.
    fn of(&self, role: PrincipalId) -> impl Iterator<Item = (By<'a>, Span)> + '_ {
        let seen = self.seen.get(&role);
        let active = self.records.active(role).filter(|_| seen.is_none());
        let all = seen.into_iter().flatten().map(|(by, span)| (*by, *span));
        // An account's own log tells more of the same calls.
        let named = move |number: &str| -> u64 {
            let all = seen.into_iter().flatten();
            let own =
                all.filter(|(by, _)| !matches!(by, By::Account(_)) && self.account(**by) == Some(number));
            own.map(|(_, span)| span.count).sum()
        };
        let once = move |(by, span): (By<'a>, Span)| match by {
            By::Account(number) => (by, Span { count: span.count.saturating_sub(named(number)), ..span }),
            _ => (by, span),
        };
        all.map(once).chain(active.map(|span| (By::Somebody, span)))
    }

    /// Whether a log would show that a role was entered by a way: that of its account, or of who comes.
    fn would_show(&self, role: PrincipalId, way: &Way<'_>) -> bool {
        let of_comer = match way {
            Way::Principal(id) => self.account(By::Principal(*id)),
            Way::Account(number) => Some(*number),
            Way::Everybody
            | Way::Anyone
            | Way::Stranger(_)
            | Way::Subject(_)
            | Way::Provider(_)
            | Way::Service(_) => None,
        };
        self.is_entry_logged(role) || of_comer.is_some_and(|account| self.usage.shows(account, ASSUME))
    }

    /// Whether the log of a role's account shows who assumes it.
    fn is_entry_logged(&self, role: PrincipalId) -> bool {
        let account = self.atlas.estate.principal(role).map(|one| one.identity.account.as_str());
        account.is_some_and(|account| self.usage.shows(account, ASSUME))
    }

    fn account<'s>(&'s self, by: By<'s>) -> Option<&'s str> {
        match by {
            By::Principal(id) => self.atlas.estate.principal(id).map(|one| one.identity.account.as_str()),
            By::Account(number) => Some(number),
            By::Stranger(arn) => arn.split(':').nth(4),
            By::Vouched(_) | By::Service(_) | By::Somebody => None,
        }
    }

    fn fit(&self, by: By<'_>, way: &Way<'_>) -> Fit {
        let is = |is: bool| if is { Fit::Yes } else { Fit::No };
        let account = self.account(by);
        // Of whom no more is told than the account, it may be any of that account.
        let is_one_of = |own: By<'_>| match by {
            By::Account(number) if self.account(own) == Some(number) => Fit::Maybe,
            _ => is(own == by),
        };
        match (by, way) {
            (By::Somebody, _) => Fit::Maybe,
            (By::Vouched(_), Way::Subject(_)) => Fit::Maybe,
            (By::Vouched(name), Way::Provider(own)) if name.starts_with("arn:") => is(name == *own),
            (By::Vouched(_), Way::Provider(_)) => Fit::Maybe,
            (_, Way::Subject(_) | Way::Provider(_)) => Fit::No,
            (_, Way::Service(own)) => is(by == By::Service(own)),
            (_, Way::Principal(id)) => is_one_of(By::Principal(*id)),
            // A session is that of a role, which the log names instead.
            (By::Stranger(_), Way::Stranger(own)) if own.contains(":assumed-role/") => {
                if account == own.split(':').nth(4) { Fit::Maybe } else { Fit::No }
            }
            (_, Way::Stranger(own)) => is_one_of(By::Stranger(own)),
            (_, Way::Account(number)) => is(account == Some(*number)),
            (_, Way::Everybody | Way::Anyone) => {
                let is_known = account.map(|account| self.atlas.estate.find_account(account).is_some());
                is(is_known == Some(*way == Way::Everybody))
            }
        }
    }
}

impl<'a> By<'a> {
    /// Who is called so by a log; nothing for a person of Identity Center, whose role is named beside it.
    fn of(name: &'a str, action: &str, (who, atlas): (&Who<'_>, &Atlas)) -> Option<Self> {
        if action != ASSUME {
            return Some(Self::Vouched(name));
        }
        match who.principal(name) {
            Some(id) => {
                let kind = atlas.estate.principal(id)?.kind;
                matches!(kind, PrincipalKind::User | PrincipalKind::Role).then_some(Self::Principal(id))
            }
            None if name.starts_with("idc:") => None,
            None if vouches(name) => Some(Self::Vouched(name)),
            None if name.starts_with("arn:") => Some(Self::Stranger(name)),
            None if name.bytes().all(|byte| byte.is_ascii_digit()) => Some(Self::Account(name)),
            None => Some(Self::Service(name)),
        }
    }
}

impl<'a> Way<'a> {
    /// Who comes by it, by the name.
    pub(super) fn name(self, atlas: &'a Atlas) -> &'a str {
        match self {
            Self::Principal(id) => atlas.estate.principal(id).map_or("", |one| one.arn()),
            Self::Everybody | Self::Anyone => "*",
            Self::Account(name)
            | Self::Stranger(name)
            | Self::Subject(name)
            | Self::Provider(name)
            | Self::Service(name) => name,
        }
    }
}

/// The call by which whoever has rights of its own assumes a role.
pub(super) const ASSUME: &str = "sts:AssumeRole";
/// The calls by which roles are assumed; the latter two by the word of an issuer.
const ASSUMING: [&str; 3] = [ASSUME, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];
