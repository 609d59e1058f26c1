"""The environments of Aldeia: data only. A new environment is one more entry here and a folder in `parameters/`.

Sections are those of the design document. Sizes are CPU units (1024 = 1 vCPU) and MiB.
"""

from generator.model import Compute, Environment, Firewall, Host, Nat, Network, Scaling, Task
from generator.services import SERVICES
from generator.together import check_environments

STAGING = Environment(
    name="staging",
    short="staging",
    domain="staging.aldeia.com",  # Option B, Frontend Task Definition: https://api.staging.aldeia.com
    compute=Compute.EC2,  # Summary, Hybrid Approach
    network=Network(cidr="10.10.0.0/16", nat=Nat.SINGLE),
    host=Host(  # Option A, Staging Configuration: t3.medium, 50 GB GP3, one instance
        instance_type="t3.medium",
        volume_gib=50,
        minimum=1,
        desired=1,
        maximum=1,
    ),
    tasks={  # Option B, ECS Services - Staging
        "backend": Task(cpu=512, memory=1024, scaling=Scaling.fixed(1)),
        "frontend": Task(cpu=256, memory=512, scaling=Scaling.fixed(1)),
        "chromadb": Task(cpu=1024, memory=2048, scaling=Scaling.fixed(1)),
    },
    log_retention_days=14,
    monthly_budget=150,
    execute_command=True,
)

PRODUCTION = Environment(
    name="production",
    short="prod",  # Option B, ECS Components: aldeia-prod-cluster
    domain="aldeia.com",
    compute=Compute.FARGATE,  # Summary, Hybrid Approach
    network=Network(cidr="10.20.0.0/16", nat=Nat.PER_ZONE),
    host=Host(  # Option A, Production Configuration: t3.large, 100 GB GP3, 2/2/4
        instance_type="t3.large",
        volume_gib=100,
        minimum=2,
        desired=2,
        maximum=4,
    ),
    data_host=Host(instance_type="t3.large", volume_gib=100, minimum=1, desired=1, maximum=1),
    tasks={  # Option B, ECS Services - Production
        "backend": Task(cpu=1024, memory=2048, scaling=Scaling(minimum=2, desired=2, maximum=4)),
        "frontend": Task(cpu=512, memory=1024, scaling=Scaling(minimum=2, desired=2, maximum=4)),
        # The document's two tasks would lose data: one, with the documented CPU and memory.
        "chromadb": Task(cpu=2048, memory=4096, scaling=Scaling.fixed(1)),
    },
    log_retention_days=90,
    monthly_budget=600,
    container_insights="enhanced",  # Option B, ECS Components: Container Insights enabled
    protected=True,
    firewall=Firewall(),
    customer_managed_key=True,
)

ENVIRONMENTS = check_environments((STAGING, PRODUCTION), SERVICES)
