"""PMapper on an export of one account, without an account: its own functions, given the export in place of AWS's answers.

Usage: pmapper.py EXPORT. Prints how many principals are administrators, how many others can become one, and how many
edges there are. Only IAM was exported, so the lists of functions, stacks and projects are empty.
"""

import collections
import collections.abc
import json
import sys

# It was written for a Python in which these lay there.
for name in ("Mapping", "MutableMapping"):
    setattr(collections, name, getattr(collections.abc, name))

from principalmapper.common import Graph
from principalmapper.graphing import (
    autoscaling_edges,
    cloudformation_edges,
    codebuild_edges,
    ec2_edges,
    gathering,
    iam_edges,
    lambda_edges,
    sagemaker_edges,
    ssm_edges,
    sts_edges,
)
from principalmapper.querying.presets.privesc import can_privesc


class Pages:
    """Answers of one kind, all on one page."""

    def __init__(self, page):
        self.page = page

    def paginate(self, **_asked):
        return [self.page]


class Exported:
    """What PMapper asks of IAM, answered from the export; what it does not hold is empty."""

    def __init__(self, export):
        self.export = export

    def get_paginator(self, call):
        details = call == "get_account_authorization_details"
        return Pages(self.export if details else {"VirtualMFADevices": []})

    def list_access_keys(self, **_asked):
        return {"AccessKeyMetadata": []}

    def get_login_profile(self, **_asked):
        return {}

    def list_mfa_devices(self, **_asked):
        return {"MFADevices": []}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        found = gathering.get_nodes_groups_and_policies(Exported(json.load(file)))
    nodes = found["nodes"]
    gathering.update_admin_status(nodes)
    edges = []
    for kind in (iam_edges, sts_edges, ec2_edges, ssm_edges, sagemaker_edges):
        edges += kind.generate_edges_locally(nodes)
    edges += autoscaling_edges.generate_edges_locally(nodes, launch_configs=[])
    edges += codebuild_edges.generate_edges_locally(nodes, codebuild_projects=[])
    edges += lambda_edges.generate_edges_locally(nodes, [])
    edges += cloudformation_edges.generate_edges_locally(nodes, [])
    graph = Graph(nodes, edges, found["policies"], found["groups"], {"account_id": "", "pmapper_version": "1.1.5"})
    admins = [node for node in nodes if node.is_admin]
    escalating = [node for node in nodes if not node.is_admin and can_privesc(graph, node)[0]]
    print(f"admins {len(admins)} escalating {len(escalating)} edges {len(edges)}")


main()
