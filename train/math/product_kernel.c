/* The inner loops of train/math/product.h, compiled once per instruction set. */
#include "train/math/product_kernel.h"

#include "train/math/product_tile.h"

int ISA_NAME(product_panel)(void) {
  return PANEL;
}

void ISA_NAME(product_pack)(const real *y, off n, int k, off ldy, real *packed) {
  for (off panel = 0; panel < n; panel += PANEL) {
    off rows = n - panel < PANEL ? n - panel : PANEL;
    for (int p = 0; p < k; p++)
      for (off j = 0; j < PANEL; j++)
        *packed++ = j < rows ? y[(panel + j) * ldy + p] : 0;
  }
}

void ISA_NAME(product_block)(const real *x, off m, off ldx, const real *packed, off n, int k, real *out, off ldo) {
  /* The panel of Y stays in the first-level cache while the rows of X pass by. */
  for (off j = 0; j < n; j += PANEL) {
    const real *panel = packed + j * k;
    int width = n - j < PANEL ? (int)(n - j) : PANEL;
    for (off i = 0; i < m; i += ROWS) {
      int rows = m - i < ROWS ? (int)(m - i) : ROWS;
      vec sum[ROWS][2];
      if (rows == ROWS)
        product_tile(ROWS, x + i * ldx, ldx, 1, panel, k, sum);
      else
        product_tile_any(rows, x + i * ldx, ldx, panel, k, sum);
      for (int r = 0; r < rows; r++) {
        real *to = out + (i + r) * ldo + j;
        if (width == PANEL) {
          vec_store(to, sum[r][0]);
          vec_store(to + VL, sum[r][1]);
        } else {
          real edge[PANEL];
          vec_store(edge, sum[r][0]);
          vec_store(edge + VL, sum[r][1]);
          memcpy(to, edge, sizeof *edge * (size_t)width);
        }
      }
    }
  }
}
