//! Kinds of things that methods of escalation go against or ask for: what runs as a role, or leads to one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::Target;

/// Defines the kinds: each with its doc, its word in rules, its name in words, and its ARNs in an account `{}`.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $word:literal $noun:literal $arns:literal)*) => {
        /// A kind of thing in an account, named by its service and its type as they stand in its ARN.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All kinds, in the order of their words.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Its word in rules and in the inventory.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// It in words: `an EC2 instance`.
            #[must_use]
            pub const fn noun(self) -> &'static str {
                match self { $(Self::$kind => $noun,)* }
            }

            /// A pattern of its ARNs, in which `{}` stands for the account.
            const fn form(self) -> &'static str {
                match self { $(Self::$kind => $arns,)* }
            }
        }
    };
}

kinds! {
    /// A service of App Runner.
    AppRunnerService "apprunner:service" "an App Runner service" "arn:*:apprunner:*:{}:service/*"
    /// A job definition of Batch.
    BatchJobDefinition "batch:job-definition" "a Batch job definition" "arn:*:batch:*:{}:job-definition/*"
    /// A job queue of Batch.
    BatchJobQueue "batch:job-queue" "a Batch job queue" "arn:*:batch:*:{}:job-queue/*"
    /// A browser of Bedrock AgentCore that was made by a customer.
    Browser "bedrock-agentcore:browser-custom" "an AgentCore browser"
        "arn:*:bedrock-agentcore:*:{}:browser-custom/*"
    /// A code interpreter of Bedrock AgentCore that was made by a customer.
    CodeInterpreter "bedrock-agentcore:code-interpreter-custom" "an AgentCore code interpreter"
        "arn:*:bedrock-agentcore:*:{}:code-interpreter-custom/*"
    /// An agent runtime of Bedrock AgentCore.
    AgentRuntime "bedrock-agentcore:runtime" "an AgentCore runtime" "arn:*:bedrock-agentcore:*:{}:runtime/*"
    /// A stack of CloudFormation.
    Stack "cloudformation:stack" "a CloudFormation stack" "arn:*:cloudformation:*:{}:stack/*"
    /// A stack set of CloudFormation.
    StackSet "cloudformation:stackset" "a CloudFormation stack set" "arn:*:cloudformation:*:{}:stackset/*"
    /// A build project of CodeBuild.
    BuildProject "codebuild:project" "a CodeBuild project" "arn:*:codebuild:*:{}:project/*"
    /// A deployment group of CodeDeploy.
    DeploymentGroup "codedeploy:deploymentgroup" "a CodeDeploy deployment group"
        "arn:*:codedeploy:*:{}:deploymentgroup:*"
    /// An identity pool of Cognito.
    IdentityPool "cognito-identity:identitypool" "a Cognito identity pool"
        "arn:*:cognito-identity:*:{}:identitypool/*"
    /// An instance of EC2.
    Instance "ec2:instance" "an EC2 instance" "arn:*:ec2:*:{}:instance/*"
    /// A launch template of EC2.
    LaunchTemplate "ec2:launch-template" "a launch template" "arn:*:ec2:*:{}:launch-template/*"
    /// A cluster of ECS.
    EcsCluster "ecs:cluster" "an ECS cluster" "arn:*:ecs:*:{}:cluster/*"
    /// An instance that takes tasks of ECS.
    ContainerInstance "ecs:container-instance" "an ECS container instance"
        "arn:*:ecs:*:{}:container-instance/*"
    /// A running task of ECS.
    EcsTask "ecs:task" "an ECS task" "arn:*:ecs:*:{}:task/*"
    /// A task definition of ECS.
    TaskDefinition "ecs:task-definition" "an ECS task definition" "arn:*:ecs:*:{}:task-definition/*"
    /// A cluster of EKS.
    EksCluster "eks:cluster" "an EKS cluster" "arn:*:eks:*:{}:cluster/*"
    /// A group of nodes of EKS.
    NodeGroup "eks:nodegroup" "an EKS node group" "arn:*:eks:*:{}:nodegroup/*"
    /// An account of a cluster of EKS that gets a role.
    PodIdentity "eks:podidentityassociation" "an EKS pod identity association"
        "arn:*:eks:*:{}:podidentityassociation/*"
    /// A cluster of EMR.
    EmrCluster "elasticmapreduce:cluster" "an EMR cluster" "arn:*:elasticmapreduce:*:{}:cluster/*"
    /// An application of EMR Serverless.
    EmrApplication "emr-serverless:applications" "an EMR Serverless application"
        "arn:*:emr-serverless:*:{}:/applications/*"
    /// A development endpoint of Glue.
    DevEndpoint "glue:devEndpoint" "a Glue development endpoint" "arn:*:glue:*:{}:devEndpoint/*"
    /// A job of Glue.
    GlueJob "glue:job" "a Glue job" "arn:*:glue:*:{}:job/*"
    /// A function of Lambda.
    Function "lambda:function" "a Lambda function" "arn:*:lambda:*:{}:function:*"
    /// A trust anchor of IAM Roles Anywhere.
    TrustAnchor "rolesanywhere:trust-anchor" "a Roles Anywhere trust anchor"
        "arn:*:rolesanywhere:*:{}:trust-anchor/*"
    /// A notebook instance of SageMaker.
    Notebook "sagemaker:notebook-instance" "a SageMaker notebook instance"
        "arn:*:sagemaker:*:{}:notebook-instance/*"
    /// A user profile of SageMaker Studio.
    StudioProfile "sagemaker:user-profile" "a SageMaker user profile" "arn:*:sagemaker:*:{}:user-profile/*"
    /// An instance of IAM Identity Center.
    IdentityCenter "sso:instance" "an instance of IAM Identity Center" "arn:*:sso:::instance/*"
    /// A state machine of Step Functions.
    StateMachine "states:stateMachine" "a state machine" "arn:*:states:*:{}:stateMachine:*"
}

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
    /// The kind of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|kind| kind.word() == word).copied()
    }

    /// A pattern that all ARNs of its kind in an account match, whatever the region.
    #[must_use]
    pub fn arns(self, account: &str) -> String {
        self.form().replace("{}", account)
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
    Kind::ALL.iter().map(|kind| kind.word()).collect()
}

/// Reads a word of a list. An unknown one is told of in the same place, so that the error has its line.
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
