//! Of each kind of resource, where its ARN, its name and its role stand.

use std::borrow::Cow;

use doorward_model::inventory::resource::{INSTANCE_PROFILE, attribute};

/// A kind of resource: paths into what its service, or AWS Config, tells of one.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Service and type, as in ARNs.
    pub(crate) kind: &'static str,
    pub(super) arn: Path,
    pub(super) name: Path,
    /// The role, or the instance profile.
    pub(super) runs_as: Path,
    /// Whether a name without an ARN is one of an instance profile.
    pub(super) by_profile: bool,
    pub(super) created: &'static str,
    pub(super) attributes: &'static [(&'static str, Path)],
    /// A flag for that something is there which is not kept itself.
    pub(super) present: Option<(&'static str, Path)>,
}

type Path = &'static [&'static str];

const fn kind(kind: &'static str, arn: Path, name: Path, runs_as: Path) -> Kind {
    Kind { kind, arn, name, runs_as, by_profile: false, created: "CreatedAt", attributes: &[], present: None }
}

/// An answer that tells of resources of one kind.
pub(super) struct Answer {
    /// The field that holds one or a list of them; empty where the answer itself is one.
    pub(super) field: &'static str,
    /// A field that they have.
    pub(super) mark: &'static str,
    pub(super) kind: &'static Kind,
}

const fn answer(field: &'static str, mark: &'static str, kind: &'static Kind) -> Answer {
    Answer { field, mark, kind }
}

pub(super) const ANSWERS: [Answer; 27] = [
    answer("Functions", "FunctionArn", &FUNCTION),
    answer("Configuration", "FunctionArn", &FUNCTION),
    answer("", "FunctionArn", &FUNCTION),
    answer("taskDefinition", "taskDefinitionArn", &TASK_DEFINITION),
    answer("services", "serviceArn", &ECS_SERVICE),
    answer("tasks", "taskArn", &TASK),
    answer("projects", "serviceRole", &PROJECT),
    answer("Jobs", "Role", &GLUE_JOB),
    answer("Job", "Role", &GLUE_JOB),
    answer("DevEndpoints", "EndpointName", &DEV_ENDPOINT),
    answer("DevEndpoint", "EndpointName", &DEV_ENDPOINT),
    answer("NotebookInstances", "NotebookInstanceArn", &NOTEBOOK),
    answer("", "NotebookInstanceArn", &NOTEBOOK),
    answer("Stacks", "StackId", &STACK),
    answer("Service", "ServiceArn", &APP_RUNNER),
    answer("ServiceSummaryList", "ServiceArn", &APP_RUNNER),
    answer("association", "associationArn", &POD_IDENTITY),
    answer("associations", "associationArn", &POD_IDENTITY),
    answer("nodegroup", "nodegroupArn", &NODE_GROUP),
    answer("cluster", "roleArn", &EKS_CLUSTER),
    answer("InstanceProfiles", "InstanceProfileId", &PROFILE),
    answer("InstanceProfile", "InstanceProfileId", &PROFILE),
    answer("KeyMetadata", "KeyId", &KEY),
    answer("agent", "agentResourceRoleArn", &AGENT),
    answer("", "codeInterpreterArn", &CODE_INTERPRETER),
    answer("", "agentRuntimeArn", &AGENT_RUNTIME),
    answer("", "stateMachineArn", &STATE_MACHINE),
];

/// What AWS Config calls each kind.
const CONFIG_TYPES: [(&str, &Kind); 18] = [
    ("AWS::Lambda::Function", &FUNCTION),
    ("AWS::ECS::TaskDefinition", &TASK_DEFINITION),
    ("AWS::ECS::Service", &ECS_SERVICE),
    ("AWS::CodeBuild::Project", &PROJECT),
    ("AWS::Glue::Job", &GLUE_JOB),
    ("AWS::Glue::DevEndpoint", &DEV_ENDPOINT),
    ("AWS::SageMaker::NotebookInstance", &NOTEBOOK),
    ("AWS::CloudFormation::Stack", &STACK),
    ("AWS::AppRunner::Service", &APP_RUNNER),
    ("AWS::EKS::PodIdentityAssociation", &POD_IDENTITY),
    ("AWS::EKS::Nodegroup", &NODE_GROUP),
    ("AWS::EKS::Cluster", &EKS_CLUSTER),
    ("AWS::EC2::Instance", &INSTANCE),
    ("AWS::EC2::LaunchTemplate", &LAUNCH_TEMPLATE),
    ("AWS::IAM::InstanceProfile", &PROFILE),
    ("AWS::Bedrock::Agent", &AGENT),
    ("AWS::StepFunctions::StateMachine", &STATE_MACHINE),
    ("AWS::KMS::Key", &KEY),
];

/// The kind of what AWS Config calls so.
pub(in crate::inventory) fn of_config_type(name: &str) -> Option<&'static Kind> {
    CONFIG_TYPES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The name of the kind of what AWS Config calls so, for kinds of which no more is known: `AWS::RDS::DBInstance` is
/// `rds:db-instance`.
pub(in crate::inventory) fn of_type_name(name: &str) -> Cow<'static, str> {
    if let Some(kind) = of_config_type(name) {
        return Cow::Borrowed(kind.kind);
    }
    let mut parts = name.split("::").skip(1);
    let service = parts.next().unwrap_or_default().to_ascii_lowercase();
    let words: Vec<String> = parts.map(kebab).collect();
    Cow::Owned(format!("{service}:{}", words.join("-")))
}

/// `DBInstance` as `db-instance`.
fn kebab(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (place, char) in chars.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| chars.get(place));
        let after = chars.get(place + 1);
        let begins = before
            .is_some_and(|before| !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()));
        if char.is_uppercase() && begins {
            out.push('-');
        }
        out.extend(char.to_lowercase());
    }
    out
}

pub(crate) const FUNCTION: Kind =
    Kind { created: "", ..kind("lambda:function", &["FunctionArn"], &["FunctionName"], &["Role"]) };
pub(crate) const TASK_DEFINITION: Kind = Kind {
    created: "registeredAt",
    attributes: &[(attribute::EXECUTION_ROLE, &["executionRoleArn"]), (attribute::STATE, &["status"])],
    ..kind("ecs:task-definition", &["taskDefinitionArn"], &["family"], &["taskRoleArn"])
};
const ECS_SERVICE: Kind = Kind {
    attributes: &[
        (attribute::TASK_DEFINITION, &["taskDefinition"]),
        (attribute::CLUSTER, &["cluster"]),
        (attribute::CLUSTER, &["clusterArn"]),
        (attribute::STATE, &["status"]),
    ],
    ..kind("ecs:service", &["serviceArn"], &["serviceName"], &[])
};
const TASK: Kind = Kind {
    attributes: &[
        (attribute::TASK_DEFINITION, &["taskDefinitionArn"]),
        (attribute::CLUSTER, &["clusterArn"]),
        (attribute::STATE, &["lastStatus"]),
    ],
    ..kind("ecs:task", &["taskArn"], &[], &["overrides", "taskRoleArn"])
};
pub(crate) const PROJECT: Kind =
    Kind { created: "created", ..kind("codebuild:project", &["arn"], &["name"], &["serviceRole"]) };
pub(crate) const GLUE_JOB: Kind =
    Kind { created: "CreatedOn", ..kind("glue:job", &[], &["Name"], &["Role"]) };
pub(crate) const DEV_ENDPOINT: Kind = Kind {
    created: "CreatedTimestamp",
    attributes: &[(attribute::STATE, &["Status"])],
    ..kind("glue:devEndpoint", &[], &["EndpointName"], &["RoleArn"])
};
pub(crate) const NOTEBOOK: Kind = Kind {
    created: "CreationTime",
    attributes: &[(attribute::STATE, &["NotebookInstanceStatus"])],
    ..kind("sagemaker:notebook-instance", &["NotebookInstanceArn"], &["NotebookInstanceName"], &["RoleArn"])
};
pub(crate) const STACK: Kind = Kind {
    created: "CreationTime",
    attributes: &[(attribute::STATE, &["StackStatus"])],
    ..kind("cloudformation:stack", &["StackId"], &["StackName"], &["RoleARN"])
};
pub(crate) const APP_RUNNER: Kind = Kind {
    attributes: &[
        (attribute::ACCESS_ROLE, &["SourceConfiguration", "AuthenticationConfiguration", "AccessRoleArn"]),
        (attribute::PUBLIC, &["NetworkConfiguration", "IngressConfiguration", "IsPubliclyAccessible"]),
        (attribute::STATE, &["Status"]),
    ],
    ..kind(
        "apprunner:service",
        &["ServiceArn"],
        &["ServiceName"],
        &["InstanceConfiguration", "InstanceRoleArn"],
    )
};
pub(crate) const POD_IDENTITY: Kind = Kind {
    attributes: &[
        (attribute::CLUSTER, &["clusterName"]),
        (attribute::NAMESPACE, &["namespace"]),
        (attribute::SERVICE_ACCOUNT, &["serviceAccount"]),
    ],
    ..kind("eks:podidentityassociation", &["associationArn"], &["associationId"], &["roleArn"])
};
const NODE_GROUP: Kind = Kind {
    attributes: &[(attribute::CLUSTER, &["clusterName"])],
    ..kind("eks:nodegroup", &["nodegroupArn"], &["nodegroupName"], &["nodeRole"])
};
const EKS_CLUSTER: Kind = Kind {
    attributes: &[
        (attribute::OIDC_ISSUER, &["identity", "oidc", "issuer"]),
        (attribute::OIDC_ISSUER, &["openIdConnectIssuerUrl"]),
    ],
    ..kind("eks:cluster", &["arn"], &["name"], &["roleArn"])
};
pub(crate) const PROFILE: Kind = Kind {
    created: "CreateDate",
    ..kind(INSTANCE_PROFILE, &["Arn"], &["InstanceProfileName"], &["Roles", "Arn"])
};
const AGENT: Kind = Kind {
    attributes: &[(attribute::STATE, &["agentStatus"])],
    ..kind("bedrock:agent", &["agentArn"], &["agentName"], &["agentResourceRoleArn"])
};
const CODE_INTERPRETER: Kind = Kind {
    attributes: &[(attribute::STATE, &["status"])],
    ..kind("bedrock-agentcore:code-interpreter", &["codeInterpreterArn"], &["name"], &["executionRoleArn"])
};
const AGENT_RUNTIME: Kind = Kind {
    attributes: &[(attribute::STATE, &["status"])],
    ..kind("bedrock-agentcore:runtime", &["agentRuntimeArn"], &["agentRuntimeName"], &["roleArn"])
};
pub(crate) const STATE_MACHINE: Kind = Kind {
    created: "creationDate",
    ..kind("states:stateMachine", &["stateMachineArn"], &["name"], &["roleArn"])
};
pub(crate) const INSTANCE: Kind = Kind {
    by_profile: true,
    created: "LaunchTime",
    attributes: &[(attribute::STATE, &["State", "Name"])],
    present: Some((attribute::USER_DATA, &["UserData"])),
    ..kind("ec2:instance", &[], &["InstanceId"], &["IamInstanceProfile", "Arn"])
};
pub(super) const LAUNCH_TEMPLATE: Kind = Kind {
    by_profile: true,
    created: "CreateTime",
    attributes: &[
        (attribute::VERSION, &["VersionNumber"]),
        (attribute::DEFAULT_VERSION, &["DefaultVersion"]),
    ],
    present: Some((attribute::USER_DATA, &["LaunchTemplateData", "UserData"])),
    ..kind(
        "ec2:launch-template",
        &[],
        &["LaunchTemplateId"],
        &["LaunchTemplateData", "IamInstanceProfile", "Arn"],
    )
};
pub(crate) const KEY: Kind = Kind {
    created: "CreationDate",
    attributes: &[(attribute::STATE, &["KeyState"]), (attribute::KEY_MANAGER, &["KeyManager"])],
    ..kind("kms:key", &["Arn"], &["KeyId"], &[])
};

#[cfg(test)]
mod tests {
    use super::of_type_name;

    #[test]
    fn kinds_are_named_as_in_arns() {
        let names = [
            "AWS::RDS::DBInstance",
            "AWS::S3::Bucket",
            "AWS::EC2::LaunchTemplate",
            "AWS::SecretsManager::Secret",
            "odd",
        ];
        assert_eq!(
            names.map(of_type_name),
            ["rds:db-instance", "s3:bucket", "ec2:launch-template", "secretsmanager:secret", ":"]
        );
    }
}
