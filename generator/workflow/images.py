"""The jobs that make images: try, build, mirror, scan.

In: services. Out: jobs. Images are built once, under the commit's name; every environment runs the same ones.
"""

from generator.model import Environment, PublicImage, Service
from generator.workflow.steps import (
    BUILD_MINUTES,
    BUILD_ROLE,
    IDENTITY,
    PLATFORMS,
    READ,
    RUNNERS,
    SHORT_MINUTES,
    Job,
    Step,
    checkout,
    deploy_stack,
    images,
    job,
    run,
    take_role,
    uses,
)


def try_to_build(built: list[Service]) -> Job:
    """A pull request: every image can be built. Nothing is pushed, and no role is taken."""
    return job(
        "Try to build ${{ matrix.service }}",
        when="github.event_name == 'pull_request'",
        runs_on="${{ matrix.runner }}",
        minutes=BUILD_MINUTES,
        concurrency={"group": "try-${{ matrix.service }}-${{ github.ref }}", "cancel-in-progress": True},
        permissions=READ,
        strategy=_each_build(built),
        steps=[checkout(), uses("docker/setup-buildx-action"), _image_build(push=False)],
    )


def build(built: list[Service]) -> Job:
    """A push: every image is built once, under the commit's name, and never again."""
    return job(
        "Build ${{ matrix.service }}",
        when="github.event_name == 'push'",
        runs_on="${{ matrix.runner }}",
        minutes=BUILD_MINUTES,
        permissions=READ | IDENTITY,
        strategy=_each_build(built),
        steps=[
            checkout(),
            take_role(BUILD_ROLE, "build"),
            uses("aws-actions/amazon-ecr-login", id="registry"),
            uses("docker/setup-buildx-action"),
            run(
                "Look whether an earlier attempt has pushed it",
                """
                echo "name=$NAME" >> "$GITHUB_OUTPUT"
                if docker buildx imagetools inspect "$NAME" > /dev/null 2>&1; then
                  echo "there=true" >> "$GITHUB_OUTPUT"
                fi
                """,
                id="image",
                env={"NAME": "${{ steps.registry.outputs.registry }}/${{ matrix.repository }}:${{ github.sha }}"},
            ),
            _image_build(push=True, when="steps.image.outputs.there != 'true'"),
        ],
    )


def _each_build(built: list[Service]) -> Job:
    rows = [
        {
            "service": service.name,
            "repository": service.repository,
            "folder": service.folder or ".",
            "platform": PLATFORMS[service.architecture],
            "runner": RUNNERS[service.architecture],
        }
        for service in built
    ]
    return {"fail-fast": False, "matrix": {"include": rows}}


def _image_build(*, push: bool, when: str = "") -> Step:
    """With a cache of the service's own, and for what is pushed a statement of where it comes from and what is in it."""
    cache = "type=gha,scope=${{ matrix.service }}"
    given: Step = {
        "context": "${{ matrix.folder }}",
        "platforms": "${{ matrix.platform }}",
        "push": push,
        "cache-from": cache,
    }
    if push:
        given |= {
            "tags": "${{ steps.image.outputs.name }}",
            "cache-to": f"{cache},mode=max",
            "provenance": "mode=max",
            "sbom": True,
        }
    return uses("docker/build-push-action", name="Build and push" if push else "Build", when=when, given=given)


def mirror(mirrored: list[Service]) -> Job:
    """Copies a pinned public image once, every architecture of it, so that its digest stays the publisher's."""
    rows = [
        {
            "service": service.name,
            "source": f"{image.name}:{image.version}",
            "target": f"{image.mirror}:{image.version}",
        }
        for service in mirrored
        if isinstance(image := service.image, PublicImage)
    ]
    return job(
        "Mirror ${{ matrix.service }}",
        when="github.event_name == 'push'",
        minutes=SHORT_MINUTES,
        concurrency={"group": "mirror-${{ matrix.service }}", "cancel-in-progress": False},
        permissions=IDENTITY,
        strategy={"fail-fast": False, "matrix": {"include": rows}},
        steps=[
            take_role(BUILD_ROLE, "mirror"),
            uses("aws-actions/amazon-ecr-login", id="registry"),
            uses("docker/setup-buildx-action"),
            run(
                "Copy it, unless it is there",
                """
                if docker buildx imagetools inspect "$TARGET" > /dev/null 2>&1; then
                  echo "$TARGET is there"
                else
                  docker buildx imagetools create --tag "$TARGET" "$SOURCE"
                fi
                """,
                env={
                    "SOURCE": "${{ matrix.source }}",
                    "TARGET": "${{ steps.registry.outputs.registry }}/${{ matrix.target }}",
                },
            ),
        ],
    )


def scan(environment: Environment, services: tuple[Service, ...], needs: list[str]) -> Job:
    """Nothing that ECR finds critical goes any further."""
    return job(
        "Scan the images",
        needs=needs,
        minutes=SHORT_MINUTES,
        permissions=READ | IDENTITY,
        steps=[
            *deploy_stack(),
            take_role(BUILD_ROLE, "scan"),
            run(
                "Wait for the scans",
                f"""
                allowed=()
                for finding in $ALLOWED_FINDINGS; do
                  allowed+=(--allow "$finding")
                done
                code=0
                deploy-stack images {environment.name} {images(services)} \\
                  --wait-scan "${{allowed[@]}}" --markdown scan.md || code=$?
                if [ -f scan.md ]; then cat scan.md >> "$GITHUB_STEP_SUMMARY"; fi
                exit "$code"
                """,
                env={"ALLOWED_FINDINGS": "${{ vars.ALLOWED_FINDINGS }}"},
            ),
        ],
    )
