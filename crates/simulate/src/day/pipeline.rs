//! The day of a pipeline: nothing, or a deploy, which is a burst of writes by the deploy role and by CloudFormation.

use std::sync::Arc;

use doorward_model::time::{Millis, Time};

use crate::calls::{Call, read, write};
use crate::client;
use crate::day::machine::ASSUME;
use crate::day::{Log, Outcome, Pen, Place, whole_seconds};
use crate::network::runner;
use crate::organisation::{Member, Organisation};
use crate::random::{Random, Stream, nth};
use crate::record::{Caller, Fault};
use crate::session::{self, Session, unique_id};
use crate::words::CODE_ORG;

/// The role through which CloudFormation acts.
pub(crate) const STACK_ROLE: &str = "cfn-execution";

/// What a deploy begins with, and then does over and over.
const DEPLOY: &[Call] = &[
    read("sts", "GetCallerIdentity", ""),
    write("ecr", "PutImage", r#"{"registryId":"$a","repositoryName":"$r","imageTag":"1.$n"}"#),
    write("lambda", "UpdateFunctionCode20150331v2", r#"{"functionName":"$r","publish":true}"#),
    read("lambda", "GetFunction20150331v2", r#"{"functionName":"$r"}"#),
    write(
        "cloudformation",
        "CreateChangeSet",
        r#"{"stackName":"$r","changeSetName":"deploy-$h","roleARN":"arn:aws:iam::$a:role/cfn-execution"}"#,
    ),
    read("cloudformation", "DescribeChangeSet", r#"{"stackName":"$r","changeSetName":"deploy-$h"}"#),
    write("cloudformation", "ExecuteChangeSet", r#"{"stackName":"$r","changeSetName":"deploy-$h"}"#),
    read("cloudformation", "DescribeStacks", r#"{"stackName":"$r"}"#),
    read("cloudformation", "DescribeStackEvents", r#"{"stackName":"$r"}"#),
    write("ecs", "RegisterTaskDefinition", r#"{"family":"$r"}"#),
    write("ecs", "UpdateService", r#"{"cluster":"main","service":"$r"}"#),
    read("ecs", "DescribeServices", r#"{"cluster":"main","services":["$r"]}"#),
];

/// What CloudFormation then does in the deploy's name.
const STACK: &[Call] = &[
    write("lambda", "UpdateFunctionConfiguration20150331v2", r#"{"functionName":"$r"}"#),
    write(
        "sqs",
        "SetQueueAttributes",
        r#"{"queueUrl":"https://sqs.$g.amazonaws.com/$a/$r","attributes":{"VisibilityTimeout":"60"}}"#,
    ),
    read("iam", "GetRole", r#"{"roleName":"$r-fn"}"#),
    write(
        "iam",
        "PutRolePolicy",
        r#"{"roleName":"$r-fn","policyName":"queue","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"arn:aws:sqs:*:$a:$r\"}]}"}"#,
    ),
    write("events", "PutRule", r#"{"name":"$r","scheduleExpression":"rate(5 minutes)"}"#),
    write("logs", "PutRetentionPolicy", r#"{"logGroupName":"/aws/$r","retentionInDays":30}"#),
];

impl Organisation {
    /// Writes the day of a pipeline.
    pub(crate) fn pipeline_day(&self, member: Member, day: u32, log: &mut Log) {
        let parts = [u64::from(member.index), u64::from(day)];
        let mut random = Random::of(self.plan.seed, Stream::Day, &parts);
        let epoch_day = i64::from(self.plan.day_start(day).day().0);
        let weekend = matches!((epoch_day + 3).rem_euclid(7), 5 | 6);
        if weekend || !random.chance(self.plan.noise.deploy) {
            return;
        }
        let mut pen = Pen::new(log, self.plan.seed, &parts);
        for _ in 0..1 + random.skewed(3) {
            let minute = i64::try_from(480 + random.below(600)).unwrap_or_default();
            let at = self.plan.day_start(day) + Millis::MINUTE.times(minute);
            self.deploy(member, (day, whole_seconds(at)), &mut random, &mut pen);
        }
    }

    fn deploy(&self, member: Member, (day, at): (u32, Time), random: &mut Random, pen: &mut Pen<'_>) {
        let [home, elsewhere] = self.places(member, day);
        let place = if random.below(4) == 0 { elsewhere } else { home };
        let session = Arc::new(self.pipeline_session(member, at));
        let address: Arc<str> = runner(random.bits()).into();
        let subject = self.subject(member);
        let opener = Caller {
            address: Arc::clone(&address),
            agent: "aws-sdk-js/3.614.0 ua/2.0 os/linux#6.8.0-1017-azure lang/js md/nodejs#20.15.1 api/sts#3.614.0 configure-aws-credentials-for-github-actions".into(),
            ..session::web_identity(&session.account, &subject)
        };
        let call = read("sts", "AssumeRoleWithWebIdentity", "");
        pen.write_full(at, (&place, &Arc::new(opener)), call, Outcome::with(session.opening("")));
        let taste = self.hash(Stream::Pattern, self.app(member.ordinal).0);
        let agent = if taste.is_multiple_of(3) { client::terraform("g") } else { client::pipeline_step() };
        let caller = Arc::new(session::within(&session, &self.identity(member), address, agent.into()));
        let records = self.plan.noise.deploy_records;
        let mut now = at;
        for step in 0..u64::from(records) * 2 / 3 {
            now = now + Millis::SECOND.times(2 + i64::try_from(random.below(20)).unwrap_or_default());
            // The first steps come in order, the rest is waiting for them.
            let call = if step < 4 { nth(DEPLOY, step) } else { nth(DEPLOY, 4 + random.below(8)) };
            let fault =
                if random.chance(self.plan.noise.throttled * 5) { Fault::Throttled } else { Fault::None };
            pen.write_full(now, (&place, &caller), call, Outcome::of(fault));
        }
        self.stack(member, (at + Millis::MINUTE, u64::from(records) / 3), &place, pen);
    }

    /// CloudFormation works with its own role.
    fn stack(&self, member: Member, (at, records): (Time, u64), place: &Place, pen: &mut Pen<'_>) {
        let account = self.account_at(member.account);
        let parts = [u64::from(member.index), at.ms().unsigned_abs(), 3];
        let session = Arc::new(Session {
            account: Arc::clone(&account.id),
            role: format!("/{STACK_ROLE}").into(),
            role_id: self.fixed_role_id(member.account, STACK_ROLE).into(),
            name: "AWSCloudFormation".into(),
            key: unique_id("ASIA", self.plan.seed, Stream::Session, &parts),
            since: at,
            holds: Millis::HOUR,
            context: "".into(),
            beside: r#","invokedBy":"cloudformation.amazonaws.com""#,
        });
        let service = Arc::new(session::service("cloudformation"));
        pen.write_full(at, (place, &service), ASSUME, Outcome::with(session.opening("")));
        let host: Arc<str> = "cloudformation.amazonaws.com".into();
        let caller =
            Caller { tls: false, ..session::within(&session, &session.role_arn(), Arc::clone(&host), host) };
        let caller = Arc::new(caller);
        for step in 0..records {
            let later = Millis::SECOND.times(i64::try_from(step * 7).unwrap_or_default());
            pen.write(at + later, (place, &caller), nth(STACK, step));
        }
    }

    /// What the code host's token says of a run on the main branch.
    pub(crate) fn subject(&self, member: Member) -> String {
        format!("repo:{CODE_ORG}/{}:ref:refs/heads/main", self.stem(member))
    }

    fn pipeline_session(&self, member: Member, at: Time) -> Session {
        let parts = [u64::from(member.index), at.ms().unsigned_abs()];
        let provider = session::provider(&self.account_id(member));
        Session {
            account: self.account_id(member),
            role: format!("/{}", self.name(member)).into(),
            role_id: self.unique_id(member).into(),
            name: "GitHubActions".into(),
            key: unique_id("ASIA", self.plan.seed, Stream::Session, &parts),
            since: at,
            holds: Millis::HOUR,
            context: format!(
                r#","webIdFederationData":{{"federatedProvider":"{provider}","attributes":{{}}}}"#
            )
            .into(),
            beside: "",
        }
    }
}
