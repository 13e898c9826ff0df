/* The inner loops of train/kmeans_kernel.h, compiled once per instruction set. */
#include "train/kmeans_kernel.h"

#include "train/product_tile.h"

#include <math.h>

static inline vec vec_min(vec a, vec b) {
#if VL == 16
  return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif VL == 8
  return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#else
  vec least;
  for (int i = 0; i < VL; i++)
    least[i] = a[i] < b[i] ? a[i] : b[i];
  return least;
#endif
}

/* The least of all lanes. */
static inline real vec_least(vec v) {
#if VL == 16
  return _mm512_reduce_min_ps((__m512)v);
#else
  real least = v[0];
  for (int i = 1; i < VL; i++)
    least = v[i] < least ? v[i] : least;
  return least;
#endif
}

/* The sum of all lanes, always in the same order. */
static inline real vec_sum(vec v) {
  real lane[VL];
  vec_store(lane, v);
  for (int width = VL / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++)
      lane[i] += lane[i + width];
  return lane[0];
}

/* A panel holds a better centre for a point, or its own: looks closely. scores are the panel's. */
static void look(const kmeans_centres *c, lid first, lid count, lid panel, real *scores, off i, real *low,
                 kmeans_scan *s) {
  lid own = s->slot[i];
  if (own >= panel && own < panel + PANEL)
    scores[own - panel] = INFINITY; /* its score is s->best[i] already */
  int winner = 0;
  for (int j = 1; j < PANEL; j++)
    if (scores[j] < scores[winner] || (scores[j] == scores[winner] && c->name[panel + j] < c->name[panel + winner]))
      winner = j;
  real score = scores[winner];
  if (score < s->best[i] ||
      (score == s->best[i] && score < INFINITY && own >= 0 && c->name[panel + winner] < c->name[own])) {
    if (low != NULL) {
      scores[winner] = INFINITY;
      for (int j = 0; j < PANEL; j++)
        *low = scores[j] < *low ? scores[j] : *low;
      if (own >= first && own < first + count)
        *low = s->best[i] < *low ? s->best[i] : *low;
      else if (own >= 0) {
        s->displaced[s->n_displaced] = (lid)i;
        s->displaced_slot[s->n_displaced] = own;
        s->displaced_best[s->n_displaced++] = s->best[i];
      }
    }
    s->best[i] = score;
    s->slot[i] = panel + winner;
  } else if (low != NULL)
    *low = score < *low ? score : *low;
}

void ISA_NAME(kmeans_scan)(const kmeans_centres *c, lid first, lid count, kmeans_scan *s) {
  s->n_displaced = 0;
  for (off i = 0; s->low != NULL && i < s->m; i++)
    s->low[i] = INFINITY;
  for (lid panel = first; panel < first + count; panel += PANEL) {
    const real *packed = c->packed + (off)panel * c->k;
    vec h0 = vec_load(c->half + panel), h1 = vec_load(c->half + panel + VL);
    for (off i0 = 0; i0 < s->m; i0 += ROWS) {
      int rows = s->m - i0 < ROWS ? (int)(s->m - i0) : ROWS;
      vec sum[ROWS][2];
      if (rows == ROWS)
        product_tile(ROWS, s->x + i0 * s->ldx, s->ldx, 1, packed, c->k, sum);
      else
        product_tile_any(rows, s->x + i0 * s->ldx, s->ldx, packed, c->k, sum);
      real least[ROWS];
      for (int r = 0; r < rows; r++) {
        sum[r][0] = h0 - sum[r][0];
        sum[r][1] = h1 - sum[r][1];
        least[r] = vec_least(vec_min(sum[r][0], sum[r][1]));
      }
      for (int r = 0; r < rows; r++) {
        off i = i0 + r;
        real *low = s->low != NULL ? s->low + i : NULL;
        if (least[r] <= s->best[i]) {
          real scores[PANEL];
          vec_store(scores, sum[r][0]);
          vec_store(scores + VL, sum[r][1]);
          look(c, first, count, panel, scores, i, low, s);
        } else if (low != NULL)
          *low = least[r] < *low ? least[r] : *low;
      }
    }
  }
}

static inline real distance(const real *x, const real *y, int k) {
  vec sum0 = {0}, sum1 = {0};
  int p = 0;
  for (; p + 2 * VL <= k; p += 2 * VL) {
    vec d0 = vec_load(x + p) - vec_load(y + p), d1 = vec_load(x + p + VL) - vec_load(y + p + VL);
    sum0 += d0 * d0;
    sum1 += d1 * d1;
  }
  real rest = 0;
  for (; p < k; p++) {
    real d = x[p] - y[p];
    rest += d * d;
  }
  return vec_sum(sum0 + sum1) + rest;
}

void ISA_NAME(kmeans_distances)(const real *x, off m, off ldx, int k, const real *centre, const lid *of, real *out) {
  for (off i = 0; i < m; i++)
    out[i] = of[i] < 0 ? INFINITY : distance(x + i * ldx, centre + (off)of[i] * k, k);
}

void ISA_NAME(kmeans_own_scores)(const real *x, off ldx, const lid *listed, lid m, int k, const real *centre,
                                 const real *half, const lid *of, real *out) {
  /* Several rows at a time, so that their chains of additions overlap. */
  enum { CHAINS = 8 };
  for (lid i0 = 0; i0 < m; i0 += CHAINS) {
    const real *row[CHAINS], *c[CHAINS];
    real sum[CHAINS] = {0};
    for (int j = 0; j < CHAINS; j++) {
      lid i = listed[i0 + j < m ? i0 + j : m - 1];
      row[j] = x + i * ldx;
      c[j] = centre + (off)of[i] * k;
    }
    for (int p = 0; p < k; p++)
      for (int j = 0; j < CHAINS; j++)
        sum[j] = product_step(row[j][p], c[j][p], sum[j]);
    for (int j = 0; j < CHAINS && i0 + j < m; j++) {
      lid i = listed[i0 + j];
      out[i] = half[of[i]] - sum[j];
    }
  }
}

lid ISA_NAME(kmeans_reached)(const real *bound, real drift, const real *reach, lid m, lid *list) {
  lid n = 0, i = 0;
#if VL == 16
  __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (; i + VL <= m; i += VL) {
    __m512 left = _mm512_sub_ps(_mm512_loadu_ps(bound + i), _mm512_set1_ps(drift));
    __mmask16 mask = _mm512_cmp_ps_mask(left, _mm512_loadu_ps(reach + i), _CMP_LE_OQ);
    if (mask != 0) {
      _mm512_mask_compressstoreu_epi32(list + n, mask, _mm512_add_epi32(place, _mm512_set1_epi32(i)));
      n += __builtin_popcount(mask);
    }
  }
#else
  for (; i + VL <= m; i += VL) {
    /* Most of the time nothing is reached: one look at VL points. */
    int any = 0;
    for (int j = 0; j < VL; j++)
      any |= bound[i + j] - drift <= reach[i + j];
    for (int j = 0; any && j < VL; j++) {
      list[n] = i + j;
      n += bound[i + j] - drift <= reach[i + j];
    }
  }
#endif
  for (; i < m; i++)
    if (bound[i] - drift <= reach[i])
      list[n++] = i;
  return n;
}

void ISA_NAME(kmeans_nearer)(const real *y, off n, off ldy, int k, const real *c, real *out) {
  for (off j = 0; j < n; j++) {
    real d = distance(y + j * ldy, c, k);
    out[j] = d < out[j] ? d : out[j];
  }
}
