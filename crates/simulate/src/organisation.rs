//! Who there is: accounts, and members derived on demand from seed and index.

use std::sync::Arc;

use crate::departments::{agent_of, coder, department};
use crate::habits::{AGENTS, CONTAINERS, FUNCTIONS, Habit, INSTANCES, USERS, VENDORS};
use crate::plan::Plan;
use crate::random::{Random, Stream, nth};
use crate::words::{HOME_REGIONS, NEW_REGIONS, SITES, Site, application, email};

/// What kind of member of the organisation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Somebody who comes in through Identity Center.
    Person,
    /// An IAM user whose access key a program outside of AWS holds.
    User,
    /// The deploy role of a pipeline on the code host.
    Pipeline,
    /// The role of another company's product.
    Vendor,
    /// The role of a function.
    Function,
    /// The role of a container task.
    Container,
    /// The role of an instance.
    Instance,
    /// The role of an AI agent.
    Agent,
    /// An AI agent that works under a person's session.
    CodingAgent,
}

/// Each class with its share of the identities, in thousandths.
const SHARES: [(Class, u64); 9] = [
    (Class::Person, 180),
    (Class::User, 60),
    (Class::Pipeline, 80),
    (Class::Vendor, 20),
    (Class::Function, 280),
    (Class::Container, 160),
    (Class::Instance, 140),
    (Class::Agent, 40),
    (Class::CodingAgent, 40),
];

/// A member of the organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its place among all members.
    pub index: u32,
    /// What kind it is.
    pub class: Class,
    /// Its place within its class.
    pub ordinal: u32,
    /// The place of the account it lives in.
    pub account: u32,
}

/// An account of the organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its place among the accounts: management, security, tooling, then those that do the work.
    pub index: u32,
    /// Twelve digits.
    pub id: Arc<str>,
    /// What people call it.
    pub name: String,
    /// The two regions it works in from the first day.
    pub regions: [&'static str; 2],
    /// The day of the span on which it begins to use another region, and which.
    pub expansion: Option<(u32, &'static str)>,
}

/// The organisation of a plan. It holds the accounts and no members: those are derived when asked for.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub(crate) plan: Plan,
    accounts: Vec<Account>,
    /// The first account once more, so that looking one up always succeeds.
    management: Account,
    /// Each class with the index of its first member and the number of its members.
    ranges: Vec<(Class, u32, u32)>,
}

/// The organisation of a plan.
#[must_use]
pub fn organisation(plan: &Plan) -> Organisation {
    let mut next = 0;
    let ranges = SHARES
        .iter()
        .map(|&(class, share)| {
            let members =
                u32::try_from(u64::from(plan.identities) * share / 1_000).unwrap_or(u32::MAX).max(1);
            let first = next;
            next += members;
            (class, first, members)
        })
        .collect();
    let accounts = (0..plan.accounts.max(Plan::ACCOUNTS_MIN)).map(|index| account(plan, index)).collect();
    Organisation { plan: plan.clone(), accounts, management: account(plan, 0), ranges }
}

fn account(plan: &Plan, index: u32) -> Account {
    let mut random = Random::of(plan.seed, Stream::Account, &[u64::from(index)]);
    // The place is part of the number, so that no two accounts have the same.
    let id = format!(
        "{:06}{:06}",
        100_000 + random.below(800_000),
        (u64::from(index) * 7_919 + 104_729) % 1_000_000
    );
    let name = match index {
        0 => "management".to_owned(),
        1 => "security".to_owned(),
        2 => "tooling".to_owned(),
        _ => {
            let (team, stage) = ((index - 3) / 3, nth(&["dev", "staging", "prod"], u64::from(index)));
            format!("team-{team:03}-{stage}")
        }
    };
    let first = random.below(HOME_REGIONS.len() as u64);
    let regions = [nth(&HOME_REGIONS, first), nth(&HOME_REGIONS, first + 1)];
    let months = plan.days.div_ceil(30);
    let expansion = (0..months).find_map(|month| {
        let begins = random.chance(plan.noise.region_expansion).then(|| random.below(30));
        let day = u64::from(month) * 30 + begins?;
        Some((u32::try_from(day).ok()?, nth(&NEW_REGIONS, random.bits())))
    });
    Account {
        index,
        id: id.into(),
        name,
        regions,
        expansion: expansion.filter(|&(day, _)| day > 0 && index > 2),
    }
}

impl Organisation {
    /// The plan it follows.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.ranges.iter().map(|&(_, _, members)| members).sum()
    }

    /// Whether there are no members, which no plan leads to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many members of a class there are.
    #[must_use]
    pub fn count(&self, class: Class) -> u32 {
        self.range(class).1
    }

    /// All members, class by class.
    pub fn members(&self) -> impl Iterator<Item = Member> + '_ {
        self.ranges.iter().flat_map(move |&(class, _, members)| {
            (0..members).map(move |ordinal| self.member(class, ordinal))
        })
    }

    /// A member by its place within its class.
    #[must_use]
    pub fn member(&self, class: Class, ordinal: u32) -> Member {
        let index = self.range(class).0 + ordinal;
        let account = match class {
            Class::Person => self.desk(ordinal, 0),
            Class::CodingAgent => self.desk(self.person_behind(ordinal), 0),
            Class::Vendor => 1 + ordinal % (self.account_count() - 1),
            Class::User => self.workload(self.hash(Stream::Member, index)),
            Class::Pipeline | Class::Function | Class::Container | Class::Instance | Class::Agent => {
                let (app, copy) = self.app(ordinal);
                self.workload(self.hash(Stream::Pattern, app).wrapping_add(u64::from(copy)))
            }
        };
        Member { index, class, ordinal, account }
    }

    /// The name that a member's resources begin with.
    #[must_use]
    pub fn stem(&self, member: Member) -> String {
        match member.class {
            Class::Person => application(self.hash32(Stream::Pattern, member.index) % self.applications()),
            Class::CodingAgent => self.stem(self.member(Class::Person, self.person_behind(member.ordinal))),
            Class::User | Class::Vendor => application(member.ordinal),
            Class::Pipeline | Class::Function | Class::Container | Class::Instance | Class::Agent => {
                application(self.app(member.ordinal).0)
            }
        }
    }

    /// The name of a member as the platform has it: of the role or user, or the e-mail address.
    #[must_use]
    pub fn name(&self, member: Member) -> String {
        let stem = self.stem(member);
        match member.class {
            Class::Person => email(member.ordinal),
            Class::CodingAgent => email(self.person_behind(member.ordinal)),
            Class::User => format!("svc-{stem}"),
            Class::Pipeline => format!("gha-{stem}-deploy"),
            Class::Vendor => format!("vendor-{}-{}", self.vendor(member.ordinal).name, member.ordinal),
            Class::Function => format!("{stem}-fn"),
            Class::Container => format!("{stem}-task"),
            Class::Instance => format!("{stem}-node"),
            Class::Agent => format!("{stem}-agent"),
        }
    }

    /// The canonical id of a member.
    #[must_use]
    pub fn identity(&self, member: Member) -> String {
        let (account, name) = (&self.account_at(member.account).id, self.name(member));
        match member.class {
            Class::Person => format!("idc:{account}/{name}"),
            Class::CodingAgent => format!("agent:idc:{account}/{name}/{}", product(member.ordinal)),
            Class::User => format!("arn:aws:iam::{account}:user/{name}"),
            Class::Pipeline
            | Class::Vendor
            | Class::Function
            | Class::Container
            | Class::Instance
            | Class::Agent => format!("arn:aws:iam::{account}:role/{name}"),
        }
    }

    /// The day of the span on which a member's life begins: 0 for most, later for new hires.
    #[must_use]
    pub fn first_day(&self, member: Member) -> u32 {
        if member.class != Class::Person {
            return 0;
        }
        let mut random = Random::of(self.plan.seed, Stream::Month, &[u64::from(member.index), 99]);
        (0..self.plan.days.div_ceil(30))
            .find(|_| random.chance(self.plan.noise.new_hire))
            .and_then(|month| u32::try_from(u64::from(month) * 30 + random.below(30)).ok())
            .filter(|&day| day < self.plan.days)
            .unwrap_or_default()
    }

    /// What a machine does.
    pub(crate) fn habit(&self, member: Member) -> Habit {
        let app = u64::from(self.app(member.ordinal).0);
        match member.class {
            Class::Function => nth(&FUNCTIONS, app),
            Class::Container => nth(&CONTAINERS, app),
            Class::Instance => nth(&INSTANCES, app),
            Class::Agent => nth(&AGENTS, app),
            Class::User => nth(&USERS, u64::from(member.ordinal)),
            Class::Vendor => self.vendor(member.ordinal).habit,
            Class::Person | Class::CodingAgent | Class::Pipeline => Habit::default(),
        }
    }

    /// The vendor whose product has the role.
    pub(crate) fn vendor(&self, ordinal: u32) -> Vendor {
        nth(&THE_VENDORS, u64::from(ordinal / (self.account_count() - 1)))
    }

    /// The application of a machine, and which of its copies in several accounts it is.
    pub(crate) fn app(&self, ordinal: u32) -> (u32, u32) {
        let copies = (self.account_count() - 3).min(3);
        (ordinal / copies, ordinal % copies)
    }

    /// How many applications have functions.
    fn applications(&self) -> u32 {
        self.app(self.count(Class::Function)).0.max(1)
    }

    /// Where a person works.
    pub(crate) fn site(&self, person: u32) -> Site {
        nth(&SITES, self.hash(Stream::Address, self.range(Class::Person).0 + person) >> 32)
    }

    /// The account in which a person works: the first place is where most of the work is.
    pub(crate) fn desk(&self, person: u32, place: u32) -> u32 {
        match (department(person).permission_set, place) {
            ("Billing", _) => 0,
            ("SecurityAudit", 0) => 1,
            _ => self.workload(self.hash(Stream::Person, person).wrapping_add(u64::from(place))),
        }
    }

    /// The person for whom a coding agent works.
    pub(crate) fn person_behind(&self, agent: u32) -> u32 {
        coder(agent) % self.count(Class::Person)
    }

    /// The coding agent of a person, if there is one.
    pub(crate) fn agent_of(&self, person: u32) -> Option<u32> {
        agent_of(person).filter(|&agent| agent < self.count(Class::CodingAgent))
    }

    /// The id of the account a member lives in.
    #[must_use]
    pub fn account_id(&self, member: Member) -> Arc<str> {
        Arc::clone(&self.account_at(member.account).id)
    }

    /// The account at a place.
    pub(crate) fn account_at(&self, index: u32) -> &Account {
        let place = usize::try_from(index).unwrap_or_default();
        self.accounts.get(place).unwrap_or(&self.management)
    }

    /// One of the accounts that do the work.
    fn workload(&self, hash: u64) -> u32 {
        3 + u32::try_from(hash % u64::from(self.account_count() - 3)).unwrap_or_default()
    }

    fn account_count(&self) -> u32 {
        self.plan.accounts.max(Plan::ACCOUNTS_MIN)
    }

    fn range(&self, class: Class) -> (u32, u32) {
        let range = self.ranges.iter().find(|range| range.0 == class);
        range.map_or((0, 1), |&(_, first, members)| (first, members))
    }

    /// A number that stays with a thing.
    pub(crate) fn hash(&self, stream: Stream, thing: u32) -> u64 {
        Random::of(self.plan.seed, stream, &[u64::from(thing)]).bits()
    }

    fn hash32(&self, stream: Stream, thing: u32) -> u32 {
        u32::try_from(self.hash(stream, thing) >> 32).unwrap_or_default()
    }
}

/// Another company whose product was let in.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Vendor {
    /// What its roles are called after.
    pub(crate) name: &'static str,
    /// Its own account.
    pub(crate) account: &'static str,
    /// The first three bytes of its address.
    pub(crate) network: &'static str,
    /// What it does.
    pub(crate) habit: Habit,
}

const THE_VENDORS: [Vendor; 3] = [
    Vendor { name: "skyline-posture", account: "900000000011", network: "198.19.128", habit: VENDORS[0] },
    Vendor { name: "penny-cost", account: "900000000022", network: "198.19.129", habit: VENDORS[1] },
    Vendor { name: "lookout-metrics", account: "900000000033", network: "198.19.130", habit: VENDORS[2] },
];

/// The product of a coding agent.
pub(crate) fn product(agent: u32) -> &'static str {
    nth(&["claude-code", "amazon-q", "cursor"], u64::from(agent))
}
