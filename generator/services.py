"""The services of Aldeia: data only. A new service is one more entry here.

Sections are those of the design document, "AWS Compute Resources". `task` is the size an environment uses when its own table
(`environments.py`) does not name the service; here it is the document's staging size.
"""

from generator.model import (
    Data,
    EcrImage,
    EnvironmentName,
    HealthCheck,
    Permission,
    PrivateUrl,
    Probe,
    PublicImage,
    PublicUrl,
    Scaling,
    SecretKey,
    Service,
    Task,
)
from generator.together import check_services

SERVICES = check_services(
    (
        Service(
            name="backend",
            image=EcrImage("aldeia/backend"),  # Container Registry, Required Repositories, 1
            port=3001,  # Option A, Architecture
            host="api",  # Option B, Frontend Task Definition: BACKEND_URL https://api.staging.aldeia.com
            health=HealthCheck(path="/api/health", probe=Probe.CURL),  # Option B, Backend Task Definition: healthCheck
            environment={
                "NODE_ENV": EnvironmentName(),  # Option B, Backend Task Definition: environment
                "PORT": "3001",
                "CHROMA_URL": PrivateUrl("chromadb"),  # implied by the picture: the backend is ChromaDB's only caller
            },
            secrets={
                "DATABASE_URL": SecretKey("database/credentials", "DATABASE_URL"),  # Option B, Backend: secrets
                "JWT_SECRET": SecretKey("jwt/secrets", "JWT_SECRET"),
            },
            permissions=(Permission.BACKUPS, Permission.EMAIL),  # ECS Task IAM Role, Task Role
            task=Task(cpu=512, memory=1024, scaling=Scaling.fixed(1)),
            # Option A, EC2 User Data Script collects logs/**/*.log: the application writes them below its own folder.
            writable=("/tmp", "/app/logs"),  # noqa: S108  (paths inside the container)
            folder="apps/backend",  # CI/CD: Build and Push to ECR
        ),
        Service(
            name="frontend",
            image=EcrImage("aldeia/frontend"),  # Required Repositories, 2
            port=3002,  # Option A, Architecture
            host="",
            # The document has no check for the frontend; the load balancer needs a path, and a slim Node image has no curl.
            health=HealthCheck(path="/", probe=Probe.NODE),
            environment={
                "NODE_ENV": EnvironmentName(),  # Option B, Frontend Task Definition: environment
                "BACKEND_URL": PublicUrl("backend"),
                "PORT": "3002",
            },
            task=Task(cpu=256, memory=512, scaling=Scaling.fixed(1)),
            folder="apps/chatbot-frontend",  # CI/CD: Build and Push to ECR
        ),
        Service(
            name="chromadb",
            # Required Repositories, 3; `latest` is read as the pinned 1.5.9, mirrored so that no start depends on Docker Hub.
            image=PublicImage("chromadb/chroma", "1.5.9", mirror="aldeia/chromadb"),
            port=8000,  # Option A, Architecture
            health=HealthCheck(path="/api/v2/heartbeat", probe=Probe.BASH, start_period=300),
            environment={"CHROMA_PORT": "8000"},
            data=Data(path="/data", lock=".chroma.lock"),
            # Where else the server writes is not documented, so its root file system stays writable.
            read_only_root=False,
            writable=(),
            # The server as the image starts it, behind the lock; `containers.py` puts flock in front.
            command=("chroma", "run", "/config.yaml"),
            task=Task(cpu=1024, memory=2048, scaling=Scaling.fixed(1)),
        ),
    )
)
