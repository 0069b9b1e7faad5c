//go:build tools

// Names the programs that install.sh builds, so that go.mod and go.sum pin them.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "sigs.k8s.io/kubectl-validate"
)
