//! Kinds of things that methods of escalation go against or ask for: what runs as a role, and resources with policies.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::Target;

/// A kind of thing in an account, named as its service and the type of its ARN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A service of App Runner.
    AppRunnerService,
    /// A code interpreter of Bedrock AgentCore.
    CodeInterpreter,
    /// An agent runtime of Bedrock AgentCore.
    AgentRuntime,
    /// A stack of CloudFormation.
    Stack,
    /// A stack set of CloudFormation.
    StackSet,
    /// A build project of CodeBuild.
    BuildProject,
    /// An instance of EC2.
    Instance,
    /// A launch template of EC2.
    LaunchTemplate,
    /// A cluster of ECS.
    EcsCluster,
    /// A running task of ECS.
    EcsTask,
    /// A development endpoint of Glue.
    DevEndpoint,
    /// A job of Glue.
    GlueJob,
    /// A function of Lambda.
    Function,
    /// A notebook instance of SageMaker.
    Notebook,
}

/// Each kind with its word in rules, its name in words, and the ARNs of its kind in an account.
const KINDS: [(Kind, &str, &str, &str); 14] = [
    (Kind::AppRunnerService, "apprunner:service", "an App Runner service", "arn:*:apprunner:*:{}:service/*"),
    (
        Kind::CodeInterpreter,
        "bedrock-agentcore:code-interpreter",
        "an AgentCore code interpreter",
        "arn:*:bedrock-agentcore:*:{}:code-interpreter*/*",
    ),
    (
        Kind::AgentRuntime,
        "bedrock-agentcore:runtime",
        "an AgentCore runtime",
        "arn:*:bedrock-agentcore:*:{}:runtime/*",
    ),
    (Kind::Stack, "cloudformation:stack", "a CloudFormation stack", "arn:*:cloudformation:*:{}:stack/*"),
    (
        Kind::StackSet,
        "cloudformation:stackset",
        "a CloudFormation stack set",
        "arn:*:cloudformation:*:{}:stackset/*",
    ),
    (Kind::BuildProject, "codebuild:project", "a CodeBuild project", "arn:*:codebuild:*:{}:project/*"),
    (Kind::Instance, "ec2:instance", "an EC2 instance", "arn:*:ec2:*:{}:instance/*"),
    (Kind::LaunchTemplate, "ec2:launch-template", "a launch template", "arn:*:ec2:*:{}:launch-template/*"),
    (Kind::EcsCluster, "ecs:cluster", "an ECS cluster", "arn:*:ecs:*:{}:cluster/*"),
    (Kind::EcsTask, "ecs:task", "an ECS task", "arn:*:ecs:*:{}:task/*"),
    (Kind::DevEndpoint, "glue:devEndpoint", "a Glue development endpoint", "arn:*:glue:*:{}:devEndpoint/*"),
    (Kind::GlueJob, "glue:job", "a Glue job", "arn:*:glue:*:{}:job/*"),
    (Kind::Function, "lambda:function", "a Lambda function", "arn:*:lambda:*:{}:function:*"),
    (
        Kind::Notebook,
        "sagemaker:notebook-instance",
        "a SageMaker notebook instance",
        "arn:*:sagemaker:*:{}:notebook-instance/*",
    ),
];

const TARGETS: [(Target, &str); 8] = [
    (Target::Itself, "self"),
    (Target::OwnGroup, "own-group"),
    (Target::OwnPolicy, "own-policy"),
    (Target::OwnPermissionSet, "own-permission-set"),
    (Target::Role, "role"),
    (Target::User, "user"),
    (Target::Group, "group"),
    (Target::SamlProvider, "saml-provider"),
];

impl Kind {
    /// All kinds, in the order of their words.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.into_iter().map(|(kind, ..)| kind)
    }

    /// The kind of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        KINDS.into_iter().find_map(|(kind, own, ..)| (own == word).then_some(kind))
    }

    /// Its word in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// It in words: `an EC2 instance`.
    #[must_use]
    pub fn noun(self) -> &'static str {
        self.row().1
    }

    /// A pattern that all ARNs of its kind in an account match, whatever the region.
    #[must_use]
    pub fn arns(self, account: &str) -> String {
        self.row().2.replace("{}", account)
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        let row = KINDS.into_iter().find(|(kind, ..)| *kind == self);
        row.map_or(("", "", ""), |(_, word, noun, arns)| (word, noun, arns))
    }
}

impl Target {
    /// Its word in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Thing(kind) => kind.word(),
            _ => {
                TARGETS.into_iter().find_map(|(own, word)| (own == self).then_some(word)).unwrap_or_default()
            }
        }
    }

    fn of(word: &str) -> Option<Self> {
        let named = TARGETS.into_iter().find_map(|(own, name)| (name == word).then_some(own));
        named.or_else(|| Kind::of(word).map(Self::Thing))
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word { what: "kind", of: Self::of, known: kind_words })
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let known = || TARGETS.iter().map(|(_, word)| *word).chain(kind_words()).collect();
        deserializer.deserialize_str(Word { what: "target", of: Self::of, known })
    }
}

fn kind_words() -> Vec<&'static str> {
    KINDS.iter().map(|(_, word, ..)| *word).collect()
}

/// Reads a word of a list; reading and telling of an unknown one happen in one place, so that the line is right.
struct Word<T> {
    what: &'static str,
    of: fn(&str) -> Option<T>,
    known: fn() -> Vec<&'static str>,
}

impl<T> Visitor<'_> for Word<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the word of a {}", self.what)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        let unknown = || {
            E::custom(format!(
                "unknown {} `{word}`, expected one of {}",
                self.what,
                (self.known)().join(", ")
            ))
        };
        (self.of)(word).ok_or_else(unknown)
    }
}
